"""BRISQUE: blind/referenceless image spatial quality evaluator.

A. Mittal, A. K. Moorthy, A. C. Bovik, "No-Reference Image Quality Assessment in the Spatial Domain", IEEE TIP 21(12),
2012. Features, their ranges and the support vector machine are those of the authors' release.
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
from .natural_scenes import (
    gamma_ratio,
    halved,
    neighbour_products,
    normalised,
    shape_of_asymmetric,
    shape_of_symmetric,
)

#: Smallest and largest value of the 18 features of each scale on the training images (the release's ``allrange``).
LOW: Final = (
    *(0.338, 0.017204, 0.236, -0.123884, 0.000155, 0.001122, 0.244, -0.123586, 0.000152),
    *(0.000975, 0.249, -0.135687, 0.000174, 0.000913, 0.258, -0.143408, 0.000179, 0.000888),
    *(0.471, 0.012809, 0.218, -0.094876, 0.000015, 0.001272, 0.222, -0.115772, 0.000016),
    *(0.001374, 0.227, -0.117188, 0.00003, 0.001122, 0.228, -0.12243, 0.000028, 0.001118),
)
HIGH: Final = (
    *(10, 0.806612, 1.642, 0.20293, 0.712298, 0.470257, 1.641, 0.179083, 0.710456),
    *(0.470984, 1.555, 0.100858, 0.684173, 0.534174, 1.561, 0.100486, 0.685696, 0.536508),
    *(3.264, 0.703171, 1.046, 0.187459, 0.442057, 0.40803, 1.042, 0.162604, 0.444362),
    *(0.40243, 0.996, 0.098323, 0.531903, 0.369589, 0.99, 0.098658, 0.530092, 0.370399),
)
FEATURES: Final = len(LOW)


def read_libsvm(path: Path) -> dict[str, torch.Tensor]:
    """Read a LIBSVM model of kind epsilon-SVR with a radial basis function.

    Returns:
        float64: ``gamma``, ``rho``, ``coefficients`` (M,) and ``vectors`` (M, 36)

    Raises:
        WeightsError: if it is no such model
    """
    try:
        head, _, body = path.read_text("ascii").partition("SV\n")
        settings = dict(line.split(maxsplit=1) for line in head.splitlines())
        if (settings["svm_type"], settings["kernel_type"]) != ("epsilon_svr", "rbf"):
            raise ValueError(f"it is {settings['svm_type']} with {settings['kernel_type']}")
        rows = [line.split() for line in body.splitlines()]
        vectors = np.zeros((len(rows), FEATURES))
        for vector, row in zip(vectors, rows, strict=True):
            for entry in row[1:]:
                index, _, value = entry.partition(":")
                vector[int(index) - 1] = float(value)
        return {
            "gamma": torch.tensor(float(settings["gamma"]), dtype=torch.float64),
            "rho": torch.tensor(float(settings["rho"]), dtype=torch.float64),
            "coefficients": torch.tensor([float(row[0]) for row in rows], dtype=torch.float64),
            "vectors": torch.from_numpy(vectors),
        }
    except (ValueError, KeyError, IndexError) as error:
        raise WeightsError(f"{path}: not a LIBSVM model of BRISQUE ({error})") from error


class BRISQUE(NoReferenceMetric):
    """A regression on how natural a photograph's local statistics are, at two sizes.

    Args:
        device: where to compute
        weights: the support vector machine's file ``allmodel``, or a folder that has it; None to search
        policy: name of the image policy

    Raises:
        WeightsError: if the support vector machine is not found
    """

    undefined = "an image of one tone, which has no local statistics"

    info = metric_info("brisque")
    min_side = 32

    def __init__(self, *, device: torch.device, weights: str | Path | None = None, policy: str = NATIVE.name) -> None:
        self.policy = image_policy(policy)
        self._weights = resolve(published.BRISQUE, weights)
        self._model = {name: tensor.to(device) for name, tensor in self._weights.tensors.items()}
        self._low, self._high = (torch.tensor(bound, dtype=torch.float64, device=device) for bound in (LOW, HIGH))

    def assess(self, images: torch.Tensor) -> Assessment:
        """Scores."""
        x = features(grey_levels(images).double())
        scaled = 2 * (x - self._low) / (self._high - self._low) - 1
        squared = (scaled[:, None] - self._model["vectors"]).square().sum(-1)
        kernel = (-self._model["gamma"] * squared).exp()
        return Assessment(kernel @ self._model["coefficients"] - self._model["rho"])

    def describe(self) -> dict[str, Any]:
        """The support vector machine."""
        return {"weights": self._weights.describe()}


def features(images: torch.Tensor) -> torch.Tensor:
    """The 36 features (Mittal et al. 2012, table I), float64, shape (N, 36).

    Args:
        images: grey levels, float64, shape (N, 1, H, W)
    """
    found: list[torch.Tensor] = []
    for size in (images, halved(images)):
        maps = normalised(size, "constant")
        found += shape_of_symmetric(maps.flatten(-2))
        for products in neighbour_products(maps):
            shape, left, right = shape_of_asymmetric(products)
            mean = (right - left) * gamma_ratio(2 / shape, 1 / shape) * gamma_ratio(1 / shape, 3 / shape).sqrt()
            found += [shape, mean, left.square(), right.square()]
    return torch.cat(found, 1)
