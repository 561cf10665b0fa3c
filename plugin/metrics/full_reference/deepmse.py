"""DeepMSE: mean squared error between SqueezeNet features, averaged over five stages.

H. Mady, A. Agamy, A. Mohamed Aly, M. Abdel-Nasser, "DeepMSE: A Lightweight Image Quality Assessment Model Based on
SqueezeNet and MSE for Resource-Constrained Systems".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
import torch.nn.functional as F
from torch import nn

from ...errors import UsageError
from ...graphs import Graph
from ...images import MIN_SIDE, RESIZE_256, ImagePolicy, image_policy
from ...images.tensors import resize
from ...networks import squeezenet
from ...weights import Weights
from ..base import Comparison, Features, FullReferenceMetric
from ..precision import FLOAT32, dtype_of, full_float32, name_of
from ..registry import metric_info
from .deepmse_graph import deepmse_graph


@dataclass(frozen=True)
class Preset:
    """Which five feature maps are compared.

    Args:
        name: the preset's name
        taps: indices into SqueezeNet's ``features``; -1 is the normalised image itself
    """

    name: str
    taps: tuple[int, ...]

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the five stages."""
        return tuple("image" if tap < 0 else squeezenet.LAYERS[tap] for tap in self.taps)


#: The paper does not say which five outputs it compares. ``lpips-ends`` takes the ends of the slices that LPIPS
#: cuts SqueezeNet into, with the deepest kept.
PRESETS: Final = {
    preset.name: preset
    for preset in (
        Preset("lpips-ends", (1, 4, 7, 9, 12)),
        Preset("image+relu", (-1, 1, 4, 7, 12)),
        Preset("pools", (1, 2, 5, 8, 12)),
    )
}

#: On the CPU, features are computed this many images at a time. Small batches in channels-last memory are the
#: fastest there, and a constant shape keeps one image's features the same to the last bit in any batch.
CPU_CHUNK: Final = 2


class DeepMSE(nn.Module):
    """Full-reference metric: 0 for identical images, larger for a larger perceived difference (eq. 1, 2).

    Images are RGB, shape (N, 3, H, W) with H, W ≥ 32: floating point in [0, 1], or uint8. Under the policy
    ``resize-256`` they are first resized as 8-bit images are, so that tensors and files score alike; the gradient
    is that of the same resize without rounding. Wherever images are taken, features of :meth:`features` are too.

    Args:
        weights: a weights file or folder, or None to search (see :mod:`deepmse.plugin.weights.search`)
        preset: which five feature maps are compared: ``lpips-ends``, ``image+relu`` or ``pools``
        policy: ``resize-256`` (the paper's) or ``native`` (no resizing)

    Raises:
        UsageError: if there is no such preset or policy
        WeightsError: if no fitting weights are found

    Example:
        >>> import torch
        >>> metric = DeepMSE()
        >>> reference = torch.rand(1, 3, 64, 64, generator=torch.manual_seed(0))
        >>> float(metric(reference, reference))
        0.0
        >>> bool(metric(reference, reference.flip(-1)) > 0)
        True
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self,
        weights: str | Path | Weights | None = None,
        *,
        preset: str = "lpips-ends",
        policy: str = "resize-256",
    ) -> None:
        super().__init__()
        if preset not in PRESETS:
            raise UsageError(f"no DeepMSE preset {preset!r}; there are {', '.join(PRESETS)}")
        self.preset = PRESETS[preset]
        self.policy: ImagePolicy = image_policy(policy)
        self.layers, self.weights = squeezenet.build(weights)
        self.register_buffer("mean", torch.tensor(squeezenet.MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(squeezenet.STD).view(1, 3, 1, 1), persistent=False)

    def forward(self, reference: torch.Tensor | Features, distorted: torch.Tensor | Features) -> torch.Tensor:
        """Scores (eq. 2).

        Args:
            reference: N images, or one for all
            distorted: N images

        Returns:
            shape (N,), ≥ 0, lower is better

        Raises:
            ValueError: if images are not RGB (N, 3, H, W), uint8 or floating point in [0, 1], or the
                numbers or, at native size, the sizes of references and distorted images differ
        """
        return self.stages(reference, distorted).mean(1)

    def from_features(self, reference: Features, distorted: torch.Tensor | Features) -> torch.Tensor:
        """Scores, as :meth:`forward`, against references whose features were computed before."""
        return self.forward(reference, distorted)

    def stages(self, reference: torch.Tensor | Features, distorted: torch.Tensor | Features) -> torch.Tensor:
        """Mean squared error at each stage (eq. 1), shape (N, 5)."""
        return torch.stack(self._errors(reference, distorted, _per_image), dim=1)

    def maps(self, reference: torch.Tensor | Features, distorted: torch.Tensor | Features) -> list[torch.Tensor]:
        """Squared error averaged over channels, five maps (N, h, w); each averages to its stage's value."""
        return self._errors(reference, distorted, _per_position)

    def features(self, images: torch.Tensor) -> Features:
        """The five compared feature maps of each image, shapes (N, C, h, w)."""
        _check(images)
        chunks = [tuple(self.taps(images[part])) for part in self.parts(len(images))]
        if len(chunks) > 1:
            return tuple(torch.cat(stage) for stage in zip(*chunks, strict=True))
        # What filled the chunk up would stay in memory with a slice of it.
        return tuple(stage.clone() for stage in chunks[0]) if len(images) < CPU_CHUNK else chunks[0]

    def taps(self, images: torch.Tensor) -> Iterator[torch.Tensor]:
        """The five feature maps of one of :meth:`parts`, each as soon as it is there.

        What is compared at once and let go is never fetched from memory again: that is half the time on a CPU.
        """
        n = len(images)
        x = self._normalised(images)
        if x.device.type == "cpu":
            x = _filled(x, CPU_CHUNK)
        if -1 in self.preset.taps:
            yield x[:n]
        for index, layer in enumerate(self.layers):
            with full_float32(x.device):
                x = layer(x)
            if index in self.preset.taps:
                yield x[:n]

    def parts(self, n: int) -> Iterator[slice]:
        """How N images are divided for computing them at once."""
        device = next(self.layers.parameters()).device
        step = CPU_CHUNK if device.type == "cpu" else n
        return (slice(start, min(start + step, n)) for start in range(0, n, step))

    def _errors(
        self,
        reference: torch.Tensor | Features,
        distorted: torch.Tensor | Features,
        reduce: Callable[[torch.Tensor], torch.Tensor],
    ) -> list[torch.Tensor]:
        n, n_references = _count(distorted), _count(reference)
        if n_references not in (1, n):
            raise ValueError(f"{n_references} references for {n} distorted images")
        for images in (reference, distorted):
            if isinstance(images, torch.Tensor):
                _check(images)
        if (
            self.policy.size is None
            and isinstance(reference, torch.Tensor)
            and isinstance(distorted, torch.Tensor)
            and reference.shape[-2:] != distorted.shape[-2:]
        ):
            raise ValueError(
                f"reference is {_size(reference)} and distorted {_size(distorted)}: policy 'native' needs equal "
                "sizes; use 'resize-256'"
            )
        if n_references == 1 and isinstance(reference, torch.Tensor):
            reference = self.features(reference)
        found = []
        for part in self.parts(n):
            ours = self._part(reference, slice(0, 1) if n_references == 1 else part)
            theirs = self._part(distorted, part)
            found.append([reduce(squared_error(a, b)) for a, b in zip(list(ours), theirs, strict=True)])
        return [torch.cat(stage) for stage in zip(*found, strict=True)]

    def _part(self, images: torch.Tensor | Features, part: slice) -> Iterator[torch.Tensor]:
        return self.taps(images[part]) if isinstance(images, torch.Tensor) else (stage[part] for stage in images)

    def _normalised(self, images: torch.Tensor) -> torch.Tensor:
        x = (
            images / 255
            if images.dtype == torch.uint8
            else images.to(torch.promote_types(images.dtype, torch.float32))
        )
        size = self.policy.size
        if size is not None and x.shape[-2:] != (size, size):
            levels = images if images.dtype == torch.uint8 else (x.detach() * 255).round().to(torch.uint8)
            rounded = resize(levels, size) / 255
            if x.requires_grad:
                smooth = F.interpolate(x, size=(size, size), mode="bilinear", antialias=True)
                x = smooth + (rounded - smooth).detach()
            else:
                x = rounded
        first = next(self.layers.parameters())
        x = (x.to(first.device) - self.mean.float()) / self.std.float()
        return x.to(first.dtype, memory_format=torch.channels_last)


def _check(images: torch.Tensor) -> None:
    if images.ndim != 4 or images.shape[1] != 3:
        raise ValueError(f"images must have shape (N, 3, H, W), not {tuple(images.shape)}")
    if len(images) == 0:
        raise ValueError("no images: the batch is empty")
    if min(images.shape[-2:]) < MIN_SIDE:
        raise ValueError(f"images must be at least {MIN_SIDE}×{MIN_SIDE}, not {_size(images)}")
    if images.dtype == torch.uint8:
        return
    if not images.is_floating_point():
        raise ValueError(f"images must be floating point in [0, 1] or uint8, not {images.dtype}")
    low, high = (float(bound) for bound in images.detach().aminmax())
    if not (low >= -1e-3 and high <= 1 + 1e-3):
        raise ValueError(f"float images must lie in [0, 1], these span [{low:g}, {high:g}]; divide by 255 or clamp")


def _count(images: torch.Tensor | Features) -> int:
    return len(images) if isinstance(images, torch.Tensor) else len(images[0])


def _size(images: torch.Tensor) -> str:
    return f"{images.shape[-1]}×{images.shape[-2]}"


def _filled(x: torch.Tensor, chunk: int) -> torch.Tensor:
    missing = -len(x) % chunk
    return torch.cat([x, x[-1:].expand(missing, -1, -1, -1)]) if missing else x


def squared_error(reference: torch.Tensor, distorted: torch.Tensor) -> torch.Tensor:
    """Squared difference of one stage's features (N, C, h, w), in float32 or better.

    Half precision would overflow, and lose the small differences, if squares were taken in it.
    """
    dtype = torch.promote_types(distorted.dtype, torch.float32)
    return F.mse_loss(reference.to(dtype).expand_as(distorted), distorted.to(dtype), reduction="none")


def _per_image(error: torch.Tensor) -> torch.Tensor:
    # Summed in the order that channels-last memory has them: flattening channels first would copy.
    return error.permute(0, 2, 3, 1).flatten(1).mean(1)


def _per_position(error: torch.Tensor) -> torch.Tensor:
    return error.mean(1)


class DeepMSEMetric(FullReferenceMetric):
    """DeepMSE as the engine drives it.

    Args:
        device: where to compute
        weights: see :class:`DeepMSE`
        preset: see :class:`DeepMSE`
        policy: see :class:`DeepMSE`
        precision: of the layers, see :func:`~deepmse.plugin.metrics.precision.dtype_of`; squares are in float32
    """

    info = metric_info("deepmse")

    def __init__(
        self,
        *,
        device: torch.device | str,
        weights: str | Path | None = None,
        preset: str = "lpips-ends",
        policy: str = RESIZE_256.name,
        precision: str = FLOAT32,
    ) -> None:
        self._dtype = dtype_of(precision, torch.device(device))
        self.model = DeepMSE(weights, preset=preset, policy=policy).to(device, self._dtype)
        self.policy = self.model.policy

    def prepare(self, images: torch.Tensor) -> Features:
        """The five feature maps."""
        return self.model.features(images)

    def compare(
        self, references: Sequence[Features], distorted: torch.Tensor, *, error_maps: bool = False
    ) -> Comparison:
        """Scores, stages and, if asked for, error maps of all stages averaged at the first stage's size."""
        stages: list[torch.Tensor] = []
        levels: list[torch.Tensor] = []
        for part in self.model.parts(len(distorted)):
            means: list[list[torch.Tensor]] = []
            maps: list[list[torch.Tensor]] = []
            for index, stage in enumerate(self.model.taps(distorted[part])):
                errors = [
                    squared_error(reference[index], stage[place : place + 1])
                    for place, reference in enumerate(references[part])
                ]
                means.append([_per_image(error) for error in errors])
                maps.append([_per_position(error) for error in errors] if error_maps else [])
            stages += [torch.stack(image, dim=1) for image in zip(*means, strict=True)]
            levels += [_as_levels(_combined(image), self.model.weights.scale) for image in zip(*maps, strict=True)]
        found = torch.cat(stages)
        return Comparison(found.mean(1), found, torch.cat(levels) if levels else None)

    def stage_maps(self, reference: torch.Tensor, distorted: torch.Tensor) -> list[torch.Tensor]:
        """Each stage's error map of a pair, uint8, shape (h, w), on the scale of the error maps of all stages.

        Args:
            reference: uint8 RGB brought to ``policy``, shape (3, H, W)
            distorted: likewise
        """
        with torch.inference_mode():
            found = self.model.maps(reference[None], distorted[None])
            return [_as_levels(error, self.model.weights.scale)[0].cpu() for error in found]

    def graph(self) -> Graph:
        """Pairs of images to scores and stages."""
        return deepmse_graph(self.model)

    def describe(self) -> dict[str, Any]:
        """Preset, stages, precision and weights."""
        preset = self.model.preset
        return {
            "preset": preset.name,
            "stages": list(preset.stages),
            "precision": name_of(self._dtype),
            "weights": self.model.weights.describe(),
        }


def _combined(maps: Sequence[torch.Tensor]) -> torch.Tensor:
    """Average of the stages' maps (N, h, w), all brought to the size of the first."""
    size = maps[0].shape[-2:]
    return torch.stack([F.interpolate(stage[:, None], size=size, mode="bilinear")[:, 0] for stage in maps]).mean(0)


def _as_levels(error: torch.Tensor, scale: float) -> torch.Tensor:
    """Squared error ≥ 0 as levels 0-255 on a fixed scale that no error leaves; ``scale`` is half way."""
    return (255 * error / (scale + error)).round().to(torch.uint8)
