"""Other projects' metrics on the same files, timed in turns with this one's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import torch
from PIL import Image
from torchvision.transforms.functional import to_tensor

from ..plugin import datasets, tables
from ..plugin.engine import score_tables
from ..plugin.engine.records import Item
from ..plugin.engine.scorer import Scorer
from ..plugin.errors import UsageError
from .bench import Contender, Ratio, take_turns

Compare = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Distorted and reference image, (1, 3, H, W) in [0, 1], to a score."""

METRICS: Final = ("psnr", "ssim", "ms-ssim", "iw-ssim", "gmsd", "haarpsi", "mdsi", "fsimc", "vsi", "vif", "nlpd")
"""Those that need no weights and that more than one project has."""

PAIRS: Final = 8


@dataclass(frozen=True)
class Beside:
    """One metric of another project beside ours.

    Args:
        metric: its name here
        project: the other
        ours: pairs a second here
        theirs: pairs a second there
        ratio: of the two, round by round
    """

    metric: str
    project: str
    ours: float
    theirs: float
    ratio: Ratio


def beside(folder: Path, photos: Path | None, projects: Sequence[str], rounds: int, device: str) -> list[Beside]:
    """Time metrics from files to scores, each as its project's documentation has it: pair after pair.

    Args:
        folder: where to put images
        photos: photographs to distort; None for those that scikit-image ships
        projects: of ``PROJECTS``; those that are not installed are left out
        rounds: how often to time each
        device: see :class:`~deepmse.plugin.engine.scorer.Scorer`

    Raises:
        UsageError: if a project is not known, or none of them is installed
    """
    if unknown := [name for name in projects if name not in PROJECTS]:
        raise UsageError(f"no project {', '.join(unknown)} to compare with; there are {', '.join(PROJECTS)}")
    installed = [name for name in projects if find_spec(name)]
    if not installed:
        raise UsageError(f"none of {', '.join(projects)} is installed: pip install {' '.join(projects)}")
    datasets.make_demo(folder, photos)
    items = score_tables.items(tables.read_table(folder / "manifest.csv"))[:PAIRS]
    place = Scorer(["psnr"], device=device).device
    others = {name: PROJECTS[name](place) for name in installed}
    found: list[Beside] = []
    for metric in METRICS:
        has = {name: metrics[metric] for name, metrics in others.items() if metric in metrics}
        scorer = Scorer([metric], device=device)
        contenders = [
            Contender(metric, len(items), "pairs", lambda scorer=scorer: list(scorer.run(items))),  # type: ignore[misc]
            *(
                Contender(name, len(items), "pairs", partial(_one_by_one, items, compare, place))
                for name, compare in has.items()
            ),
        ]
        ours, *theirs = take_turns(contenders, rounds)
        found += [
            Beside(metric, each.name, ours.per_second, each.per_second, Ratio.of(ours, each)) for each in theirs
        ]
    return found


def _one_by_one(items: Sequence[Item], compare: Compare, device: torch.device) -> list[float]:
    with torch.inference_mode():
        return [compare(_opened(item.dist, device), _opened(item.ref, device)).item() for item in items]


def _opened(path: str | Path | None, device: torch.device) -> torch.Tensor:
    with Image.open(str(path)) as image:
        pixels: torch.Tensor = to_tensor(image.convert("RGB"))
    return pixels[None].to(device)


def _piq(device: torch.device) -> Mapping[str, Compare]:
    import piq

    return {
        "psnr": piq.psnr,
        "ssim": piq.ssim,
        "ms-ssim": piq.multi_scale_ssim,
        "iw-ssim": piq.information_weighted_ssim,
        "gmsd": piq.gmsd,
        "haarpsi": piq.haarpsi,
        "mdsi": piq.mdsi,
        "fsimc": piq.fsim,
        "vsi": piq.vsi,
        "vif": piq.vif_p,
    }


def _torchmetrics(device: torch.device) -> Mapping[str, Compare]:
    from torchmetrics.functional import image

    return {
        "psnr": partial(image.peak_signal_noise_ratio, data_range=1.0),
        "ssim": partial(image.structural_similarity_index_measure, data_range=1.0),
        "ms-ssim": partial(image.multiscale_structural_similarity_index_measure, data_range=1.0),
        "vif": image.visual_information_fidelity,
    }


def _pyiqa(device: torch.device) -> Mapping[str, Compare]:
    import pyiqa

    theirs = {"ms-ssim": "ms_ssim", "fsimc": "fsim"}
    names = [name for name in METRICS if theirs.get(name, name) in pyiqa.list_models("FR")]
    return {name: pyiqa.create_metric(theirs.get(name, name), device=device) for name in names}


PROJECTS: Final[Mapping[str, Callable[[torch.device], Mapping[str, Compare]]]] = {
    "piq": _piq,
    "pyiqa": _pyiqa,
    "torchmetrics": _torchmetrics,
}
