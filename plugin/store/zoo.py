"""No-reference metrics as models of FiftyOne's: apply_model, compute_embeddings, and its zoo of remote sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import fiftyone as fo
import fiftyone.core.models as fom
import fiftyone.utils.torch as fout
import numpy as np
import torch
from fiftyone.operators import types
from numpy.typing import NDArray

from ..engine.devices import pick_device
from ..errors import UsageError
from ..images import NATIVE, ImagePolicy, decode_scorable
from ..images.tensors import to_tensor
from ..metrics import create, metric_info
from ..metrics.base import NoReferenceMetric

ZOO_PREFIX: Final = "deepmse/"
"""What the names of models in the zoo begin with."""


class _Decode(fout.GetItem):
    """Reads images as the engine does, whatever FiftyOne's own reader makes of EXIF, alpha and colour profiles."""

    def __init__(self, policy: ImagePolicy, field_mapping: dict[str, str] | None = None) -> None:
        self._policy = policy
        super().__init__(field_mapping=field_mapping)

    @property
    def required_keys(self) -> list[str]:
        """The path alone."""
        return ["filepath"]

    def __call__(self, d: dict[str, Any]) -> torch.Tensor:
        """RGB, uint8, shape (3, H, W)."""
        return to_tensor(decode_scorable(d["filepath"]), self._policy)


class QualityModel(fom.Model, fom.EmbeddingsMixin, fom.TorchModelMixin, fom.SupportsGetItem):
    """A no-reference metric as FiftyOne takes models.

    Labels are :class:`fiftyone.core.labels.Regression`: ``value`` is the score; ``std``, ``percentile``, ``grade``
    and ``domain`` are there where the metric has them. Embeddings are the deep features that ``nr`` judges by.

    Args:
        name: a no-reference metric's name, or the file of a trained model
        device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:N``
        settings: what the metric takes, such as ``weights``

    Raises:
        UsageError: there is no such metric, or it compares with references
        WeightsError: its weights are not found
    """

    def __init__(self, name: str = "nr", device: str = "auto", **settings: Any) -> None:
        super().__init__()
        if metric_info(name).kind != "NR":
            raise UsageError(f"{name}: compares with references; models of FiftyOne see one image at a time")
        self._device = pick_device(device)
        metric = create(name, device=self._device, **settings)
        if not isinstance(metric, NoReferenceMetric):
            raise UsageError(f"{name}: is no metric of single images")
        self._metric = metric
        self._features = getattr(metric, "features", None)

    @property
    def media_type(self) -> str:
        """Images."""
        return "image"

    @property
    def ragged_batches(self) -> bool:
        """Images keep their own sizes."""
        return True

    @property
    def transforms(self) -> None:
        """None: the images are decoded ready."""
        return

    @property
    def preprocess(self) -> bool:
        """Nothing is left to do."""
        return False

    @preprocess.setter
    def preprocess(self, value: bool) -> None:
        """FiftyOne sets it; there is nothing to turn off."""

    @property
    def _using_gpu(self) -> bool:
        return self._device.type != "cpu"

    @property
    def has_embeddings(self) -> bool:
        """Whether the metric has deep features."""
        return self._features is not None

    def build_get_item(self, field_mapping: dict[str, str] | None = None) -> _Decode:
        """How images are read."""
        return _Decode(self._metric.policy or NATIVE, field_mapping)

    def predict(self, arg: Any) -> fo.Regression:
        """The score of one image: uint8 RGB, (3, H, W) as a tensor or (H, W, 3) as an array."""
        return self.predict_all([arg])[0]

    def predict_all(self, args: Sequence[Any]) -> list[fo.Regression]:
        """Scores of images of any sizes."""
        return [self._label(self._tensor(image)) for image in args]

    def embed(self, arg: Any) -> NDArray[np.float32]:
        """Deep features of one image, (1, D)."""
        return self.embed_all([arg])

    def embed_all(self, args: Sequence[Any]) -> NDArray[np.float32]:
        """Deep features of images of any sizes, (N, D)."""
        features = self._features
        if features is None:
            raise UsageError(f"{self._metric.info.title} has no deep features; choose nr")
        with torch.inference_mode():
            return np.concatenate([features(self._tensor(image)[None]) for image in args])

    def _tensor(self, image: Any) -> torch.Tensor:
        tensor = image if isinstance(image, torch.Tensor) else torch.from_numpy(np.ascontiguousarray(image))
        if tensor.ndim == 3 and tensor.shape[0] != 3:
            tensor = tensor.permute(2, 0, 1)
        return tensor.to(self._device)

    def _label(self, image: torch.Tensor) -> fo.Regression:
        from ..engine.measuring import assessed
        from ..engine.records import Measurement

        with torch.inference_mode():
            (found,) = assessed(self._metric, self._metric.assess(image[None]))
        if not isinstance(found, Measurement):
            raise ValueError(found)
        told = {
            "std": found.deviation,
            "percentile": found.percentile,
            "grade": found.grade,
            "domain": found.domain,
        }
        return fo.Regression(value=found.value, **{name: value for name, value in told.items() if value is not None})


def model(name: str = "nr", **settings: Any) -> QualityModel:
    """A no-reference metric for ``apply_model`` and ``compute_embeddings``; see :class:`QualityModel`."""
    return QualityModel(name, **settings)


def download_model(model_name: str, model_path: str) -> None:
    """Called by FiftyOne's zoo before a model is loaded: what ``nr`` needs comes with this source.

    Raises:
        UsageError: there is no such model
        OutputError: the file that says so cannot be written
    """
    from pathlib import Path

    from ..files import write_whole

    _metric_of(model_name)
    write_whole(Path(model_path), b"The parameters are in this folder's plugin/learning/packaged.\n")


def load_zoo_model(model_name: str, model_path: str, **settings: Any) -> QualityModel:
    """Called by FiftyOne's zoo: make a model; ``settings`` are those of :class:`QualityModel`."""
    return QualityModel(_metric_of(model_name), **settings)


def resolve_input(model_name: str, ctx: Any) -> types.Property:
    """What FiftyOne's forms ask before a model is loaded."""
    inputs = types.Object()
    device = types.DropdownView()
    for value, label in (("auto", "Automatic"), ("cpu", "CPU"), ("cuda", "GPU (CUDA)")):
        device.add_choice(value, label=label)
    inputs.enum("device", device.values(), default="auto", required=True, label="Device", view=device)
    return types.Property(inputs)


def _metric_of(model_name: str) -> str:
    name = model_name.removeprefix(ZOO_PREFIX).split("@")[0]
    if not model_name.startswith(ZOO_PREFIX) or metric_info(name).kind != "NR":
        raise UsageError(f"no model {model_name!r} in this source; there is {ZOO_PREFIX}nr")
    return name
