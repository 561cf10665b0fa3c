"""NIQE: natural image quality evaluator.

A. Mittal, R. Soundararajan, A. C. Bovik, "Making a 'Completely Blind' Image Quality Analyzer", IEEE Signal Processing
Letters 20(3), 2013. The model of pristine photographs is that of the authors' release.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from ...errors import WeightsError
from ...images import NATIVE, image_policy
from ...weights import published, resolve
from ..base import Assessment, NoReferenceMetric
from ..color import grey_levels
from ..registry import metric_info
from .natural_scenes import gamma_ratio, halved, neighbour_products, normalised, shape_of_asymmetric

#: Side of the square patches, in pixels.
PATCH: Final = 96


def read_npz(path: Path) -> dict[str, torch.Tensor]:
    """Read ``mu_pris_param`` and ``cov_pris_param`` from an npz file as ``mean`` (36,) and ``covariance`` (36, 36).

    Raises:
        WeightsError: if they are not in it
    """
    try:
        with np.load(path, allow_pickle=False) as arrays:
            mean, covariance = (arrays[name].astype(np.float64) for name in ("mu_pris_param", "cov_pris_param"))
    except (OSError, ValueError, KeyError) as error:
        raise WeightsError(f"{path}: not a model of NIQE ({error})") from error
    return {"mean": torch.from_numpy(mean).flatten(), "covariance": torch.from_numpy(covariance)}


class NIQE(NoReferenceMetric):
    """How far the statistics of an image's patches are from those of pristine photographs (eq. 10).

    Args:
        device: where to compute
        weights: the model's file ``niqe_pris_params.npz``, or a folder that has it; None to search
        policy: name of the image policy

    Raises:
        WeightsError: if the model is not found
    """

    undefined = "an image of one tone, which has no local statistics"

    info = metric_info("niqe")
    #: Patches are cut from whole multiples of their side; a covariance needs some.
    min_side = 2 * PATCH

    def __init__(self, *, device: torch.device, weights: str | Path | None = None, policy: str = NATIVE.name) -> None:
        self.policy = image_policy(policy)
        self._weights = resolve(published.NIQE, weights)
        self._mean, self._covariance = (self._weights.tensors[name].to(device) for name in ("mean", "covariance"))

    def assess(self, images: torch.Tensor) -> Assessment:
        """Scores."""
        return Assessment(
            torch.stack([self._distance(patches) for patches in features(grey_levels(images).double())])
        )

    def describe(self) -> dict[str, Any]:
        """The model of pristine photographs."""
        return {"weights": self._weights.describe()}

    def _distance(self, patches: torch.Tensor) -> torch.Tensor:
        # A patch without contrast has no shape to one side of zero.
        whole = patches[~patches.isnan().any(1)]
        if len(whole) < 2:
            return patches.new_tensor(torch.nan)
        difference = self._mean - patches.nanmean(0)
        inverse: torch.Tensor = torch.linalg.pinv((self._covariance + whole.T.cov()) / 2)
        return (difference @ inverse @ difference).sqrt()


def features(images: torch.Tensor) -> torch.Tensor:
    """The 36 features of each patch, float64, shape (N, patches, 36).

    Args:
        images: grey levels, float64, shape (N, 1, H, W)
    """
    height, width = (side // PATCH * PATCH for side in images.shape[-2:])
    images = images[..., :height, :width]
    found = []
    for side, size in ((PATCH, images), (PATCH // 2, halved(images))):
        maps = normalised(size, "replicate")[:, 0]
        patches = maps.unfold(1, side, side).unfold(2, side, side).flatten(1, 2)
        shape, left, right = _scaled(patches.flatten(-2))
        found += [shape, (left + right) / 2]
        for products in neighbour_products(patches):
            shape, left, right = _scaled(products)
            found += [shape, (right - left) * gamma_ratio(2 / shape, 1 / shape), left, right]
    return torch.stack(found, -1)


def _scaled(samples: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Shapes, and scales left and right of zero."""
    shape, left, right = shape_of_asymmetric(samples)
    factor = gamma_ratio(1 / shape, 3 / shape).sqrt()
    return shape, left * factor, right * factor
