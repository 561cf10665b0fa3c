"""NR: quality of photographs as people judge it, learnt from opinion scores on pooled EfficientNet-Lite0 activations.

After N. Ahmed, H. M. S. Asif, "Perceptual Quality Assessment of Digital Images Using Deep Features", Computing and
Informatics 39, 2020: deep features of a pretrained network, and Gaussian process regression with a Matérn covariance.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ...errors import WeightsError
from ...graphs import Graph
from ...images import MIN_SIDE, NATIVE, ImagePolicy, image_policy
from ...metrics import MetricInfo, metric_info
from ...metrics.base import Assessment, NoReferenceMetric
from ...metrics.precision import FLOAT32, dtype_of, name_of
from ...weights import sha256
from ..causes.files import load as load_causes
from ..opinion import grade
from . import files
from .features import LONGEST, PIXELS, SHORTEST, FeatureNetwork, columns
from .graph import quality_graph


class NoReferenceQuality(NoReferenceMetric):
    """Scores of 0 to 100 with their standard deviations and percentiles among the training images.

    Args:
        device: where to compute
        model: a file that ``deepmse train nr`` wrote; None for the one that comes with this package
        policy: image policy; what it gives is brought to the size that the model works at
        info: what the metric declares of itself; None for ``nr``
        precision: of the network's layers, see :func:`~deepmse.plugin.metrics.precision.dtype_of`

    Raises:
        UsageError: if the device has not the precision
        WeightsError: if the model or its network's weights are not found, or do not belong together
    """

    min_side = MIN_SIDE

    def __init__(
        self,
        device: torch.device | str = "cpu",
        model: str | Path | None = None,
        policy: ImagePolicy = NATIVE,
        info: MetricInfo | None = None,
        precision: str = FLOAT32,
    ) -> None:
        self._dtype = dtype_of(precision, torch.device(device))
        self.info = info or metric_info("nr")
        self.policy = policy
        self._path = files.PACKAGED if model is None else Path(model)
        self._model = files.packaged() if model is None else files.load(self._path)
        self._network = FeatureNetwork(self._model.recipe.taps, self._model.recipe.pool, device, dtype=self._dtype)
        found = self._network.weights
        if found.sha256 != self._model.network_sha256:
            raise WeightsError(
                f"{self._path}: was trained on network weights of SHA-256 {self._model.network_sha256[:12]}…, not on "
                f"{found.path} ({found.sha256[:12]}…)"
            )
        self._pixels = columns(self._model.sizes, [PIXELS]) if PIXELS in self._model.sizes else None

    def keep_features(self) -> None:
        """Keep the network's features, in the user's cache folder."""
        self._network.keep()

    @property
    def reused(self) -> int:
        """Images whose features were kept before."""
        return self._network.reused

    def features(self, images: torch.Tensor) -> NDArray[np.float32]:
        """What the model looks at of uint8 images (N, 3, H, W): pooled activations, (N, D)."""
        return self._network(images)

    def assess(self, images: torch.Tensor) -> Assessment:
        """Score images; each by itself, so that a batch changes nothing."""
        features = self.features(images)
        parts = [self._model(features[index : index + 1]) for index in range(len(features))]
        scores, deviations, percentiles = (
            torch.tensor([float(getattr(part, name)[0]) for part in parts])
            for name in ("scores", "deviations", "percentiles")
        )
        domains = [domain for part in parts for domain in part.domains or ()]
        causes = None if self._pixels is None else load_causes().causes(features[:, self._pixels])
        return Assessment(scores, deviations, percentiles, domains or None, causes)

    def graph(self) -> Graph:
        """Images at the working size to scores, deviations and percentiles."""
        self._require_native_size()
        return quality_graph(self._model, self._network.network)

    def grade(self, score: float) -> str:
        """Bad, poor, fair, good or excellent: a fifth of the scale each."""
        return grade(score)

    def describe(self) -> dict[str, Any]:
        """The model file, the network's precision and its weights."""
        return {
            "model": {"file": self._path.name, "sha256": sha256(self._path)},
            "precision": name_of(self._dtype),
            "weights": self._network.weights.describe(),
            "size": f"shorter side at least {SHORTEST} pixels, longer at most {LONGEST}, antialiased bilinear",
        }


def create(
    *,
    device: torch.device | str = "cpu",
    weights: str | Path | None = None,
    policy: str | None = None,
    info: MetricInfo | None = None,
    precision: str = FLOAT32,
) -> NoReferenceQuality:
    """Make the metric.

    Args:
        device: where to compute
        weights: a file that ``deepmse train nr`` wrote, or a folder that has ``nr.safetensors``; None for the
            packaged model
        policy: image policy; None for native size
        info: what the metric declares of itself; None for ``nr``
        precision: see :class:`NoReferenceQuality`

    Raises:
        UsageError: if the policy or the precision does not exist
        WeightsError: if the model or its network's weights are not found
    """
    path = None if weights is None else Path(weights)
    return NoReferenceQuality(
        device,
        path / files.PACKAGED.name if path and path.is_dir() else path,
        NATIVE if policy is None else image_policy(policy),
        info,
        precision,
    )


def create_first(**settings: Any) -> NoReferenceQuality:
    """Make the metric by the first packaged model, which learnt from photographs alone; see :func:`_packaged`."""
    return _packaged("nr-1", files.FIRST, **settings)


def create_free(**settings: Any) -> NoReferenceQuality:
    """Make the metric by the packaged model that learnt from what has free terms alone; see :func:`_packaged`."""
    return _packaged("nr-free", files.FREE, **settings)


def _packaged(
    name: str,
    file: Path,
    *,
    device: torch.device | str = "cpu",
    policy: str | None = None,
    precision: str = FLOAT32,
) -> NoReferenceQuality:
    """Make a metric by a packaged model.

    Args:
        name: of the metric
        file: of the model
        device: where to compute
        policy: image policy; None for native size
        precision: see :class:`NoReferenceQuality`

    Raises:
        UsageError: if the policy or the precision does not exist
        WeightsError: if the network's weights are not found
    """
    chosen = NATIVE if policy is None else image_policy(policy)
    return NoReferenceQuality(device, file, chosen, metric_info(name), precision)
