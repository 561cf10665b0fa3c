"""Metrics and trained models as ONNX files that need no PyTorch, checked against it before they are written."""

from __future__ import annotations

import json
import math
import os
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from ..errors import OutputError, UsageError
from ..files import kind_of_file, write_whole
from ..graphs import Graph
from ..images.tensors import resize
from ..metrics import MetricInfo, create, metric_info, metric_names
from ..metrics.base import AnyMetric, FullReferenceMetric

SUFFIX: Final = ".onnx"
CARD: Final = "deepmse"
"""The entry of an ONNX file's metadata that holds the card, as JSON."""

TOLERANCE: Final = 1e-4
"""How far outputs may be from PyTorch's, relative to these or, if it is more, to a hundredth of the scale."""

_PACKAGES: Final = ("onnx", "onnxruntime", "onnxscript")

#: The photographs that graphs are checked on, scikit-learn's, and height and width of what is cut from the middle of
#: each: even and odd, wide and tall.
_PHOTOGRAPHS: Final = (("china.jpg", (256, 256)), ("flower.jpg", (301, 420)), ("china.jpg", (389, 274)))


def export(name: str, out: Path, **settings: Any) -> dict[str, Any]:
    """Write a metric or a trained model as an ONNX file.

    Args:
        name: a metric's name, or the file of a trained model
        out: ends in ``.onnx``
        settings: what the metric takes: ``weights``, ``preset``, ``policy``; those that are None are left aside

    Returns:
        the file's card, which is also the entry ``deepmse`` of its metadata

    Raises:
        UsageError: if there is no such metric, it has no graph or not such a setting, a package is not installed, or
            the file does not end in ``.onnx``
        WeightsError: if the metric's weights are not found
        OutputError: if the file cannot be written, or the graph's outputs are not PyTorch's
    """
    _check_output(out)
    info = metric_info(name)
    if not info.has_graph:
        raise UsageError(f"{info.title} cannot be exported; what can: {', '.join(exportable())}, and trained models")
    given = {key: value for key, value in settings.items() if value is not None}
    if foreign := given.keys() - set(info.settings):
        raise UsageError(f"{info.title} takes no {min(foreign)}")
    _check_packages()
    metric = create(name, device=torch.device("cpu"), **given)
    graph = metric.graph()
    card = {**_card(metric, graph), "checked": check(metric, graph)}
    entry = graph.model.metadata_props.add()
    entry.key, entry.value = CARD, json.dumps(card, ensure_ascii=False)
    write_whole(out, graph.model.SerializeToString())
    return card


def exportable() -> tuple[str, ...]:
    """Names of the metrics that have graphs."""
    return tuple(name for name in metric_names() if metric_info(name).has_graph)


def check(metric: AnyMetric, graph: Graph) -> dict[str, Any]:
    """Compare a graph in onnxruntime with its metric in PyTorch, on photographs of several sizes.

    Returns:
        how many there were, and the largest relative difference of any output; JSON-able

    Raises:
        OutputError: if it is larger than ``TOLERANCE``
    """
    import onnx
    from onnxruntime import InferenceSession

    onnx.checker.check_model(graph.model)
    session = InferenceSession(graph.model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    low, high = metric.info.range
    least = (high - low) / 100 if math.isfinite(high - low) else float(np.finfo(np.float32).tiny)
    largest = 0.0
    for photograph, size in _PHOTOGRAPHS:
        pictures = _cut(photograph, size)[: 1 + isinstance(metric, FullReferenceMetric)]
        wanted = _outputs(metric, *pictures)
        for name, found in zip(names, session.run(None, dict(graph.feed(*pictures))), strict=True):
            difference = _relative(found, wanted[name], least)
            if not difference <= TOLERANCE:
                raise OutputError(
                    f"{metric.info.title}: nothing is written, for on a picture of {size[1]}×{size[0]} the graph's "
                    f"{name} is {difference:.1e} from PyTorch's, relative to it; {TOLERANCE:g} is allowed"
                )
            largest = max(largest, difference)
    return {"pictures": len(_PHOTOGRAPHS), "largest_relative_difference": largest}


def _outputs(metric: AnyMetric, *pictures: torch.Tensor) -> dict[str, NDArray[Any]]:
    """What PyTorch gives, by the names that graphs give it."""
    size = metric.policy.size
    images = pictures if size is None else [resize(picture, size) for picture in pictures]
    found: dict[str, torch.Tensor | None]
    with torch.inference_mode():
        if isinstance(metric, FullReferenceMetric):
            comparison = metric.compare([metric.prepare(images[0])], images[1])
            found = {"score": comparison.scores, "stages": comparison.stages}
        else:
            judged = metric.assess(images[0])
            found = {"score": judged.scores, "deviation": judged.deviations, "percentile": judged.percentiles}
    return {name: value.cpu().numpy() for name, value in found.items() if value is not None}


def _relative(found: NDArray[Any], wanted: NDArray[Any], least: float) -> float:
    """Largest difference relative to what is wanted, or to ``least`` where that is larger."""
    if found.shape != wanted.shape:
        return math.inf
    return float((np.abs(found.astype(np.float64) - wanted) / np.maximum(np.abs(wanted), least)).max())


def _cut(photograph: str, size: tuple[int, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """The middle of a photograph, and a blurred copy, uint8 (1, 3, H, W) each."""
    from sklearn.datasets import load_sample_image

    whole = torch.from_numpy(load_sample_image(photograph).copy()).permute(2, 0, 1)[None]
    top, left = ((length - side) // 2 for length, side in zip(whole.shape[2:], size, strict=True))
    picture = whole[..., top : top + size[0], left : left + size[1]]
    blurred = F.avg_pool2d(picture.float(), 5, stride=1, padding=2, count_include_pad=False)
    return picture, blurred.round().to(torch.uint8)


def _card(metric: AnyMetric, graph: Graph) -> dict[str, Any]:
    """What a user of the file must know."""
    info: MetricInfo = metric.info
    ends = ((graph.inputs, graph.model.graph.input), (graph.outputs, graph.model.graph.output))
    inputs, outputs = ({end.name: _end(words[end.name], end) for end in found} for words, found in ends)
    return {
        "name": info.name,
        "title": info.title,
        "kind": info.kind,
        "lower_is_better": info.lower_is_better,
        "range": [end if math.isfinite(end) else None for end in info.range],
        "inputs": inputs,
        "outputs": outputs,
        "preprocessing": graph.preprocessing,
        "policy": metric.policy.describe(),
        "source": metric.describe(),
        "licence": info.licence,
        "citation": info.citation,
        "versions": {package: version(package) for package in ("fiftyone-deepmse", "torch", "onnx", "onnxruntime")},
    }


def _end(words: str, end: Any) -> dict[str, Any]:
    import onnx

    tensor = end.type.tensor_type
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    return {
        "is": words,
        "type": str(dtype),
        "shape": [side.dim_param or side.dim_value for side in tensor.shape.dim],
    }


def _check_packages() -> None:
    for package in _PACKAGES:
        try:
            import_module(package)
        except ModuleNotFoundError as error:
            raise UsageError(
                f"exporting needs the package {error.name}: pip install 'fiftyone-deepmse[export]'"
            ) from error


def _check_output(out: Path) -> None:
    """Refuse early what could not be written in the end."""
    if out.suffix != SUFFIX:
        raise UsageError(f"{out}: graphs are written to a {SUFFIX} file")
    if out.exists() and (kind := kind_of_file(out.stat().st_mode)):
        raise UsageError(f"{out}: cannot be written, it is {kind}")
    folder = next(parent for parent in out.absolute().parents if parent.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise OutputError(f"{out}: cannot be written, for nothing can be written in {folder}; name another folder")
