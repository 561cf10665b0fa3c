"""What families of networks share that learn standardised opinions: their scale, their files, their metrics."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import nn

from ..errors import UsageError, WeightsError
from ..images import MIN_SIDE, NATIVE, ImagePolicy, image_policy
from ..metrics import MetricInfo
from ..metrics.base import Metric
from ..metrics.models import Declaration
from ..weights import sha256
from .files import read_model, write_model
from .opinion import HIGHEST, LOWEST

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Standard:
    """Mean and standard deviation of the opinions that a network learnt from, to which its output is relative."""

    mean: float
    std: float

    @classmethod
    def of(cls, opinions: ArrayLike) -> Self:
        """Of opinions (N,); where all are the same their deviation counts as 1."""
        values = np.asarray(opinions, dtype=np.float64)
        return cls(float(values.mean()), float(values.std()) or 1.0)

    def targets(self, opinions: NDArray[np.float64]) -> NDArray[np.float64]:
        """What a network learns of opinions, (N,) each."""
        return (opinions - self.mean) / self.std

    def scores(self, outputs: torch.Tensor) -> torch.Tensor:
        """Opinions of 0 to 100 that a network's outputs mean, (N,) each."""
        return (self.mean + self.std * outputs).clip(LOWEST, HIGHEST)


def save(
    path: Path,
    state: Mapping[str, torch.Tensor],
    declaration: Declaration,
    standard: Standard,
    about: Mapping[str, Any],
    card: Mapping[str, Any],
) -> None:
    """Write a network and its card.

    Args:
        path: ends in ``.safetensors``
        state: parameters
        declaration: what the family's models declare of their scores
        standard: of the opinions that it was trained on
        about: what its family needs to build it again; JSON-able
        card: JSON-able

    Raises:
        OutputError: if a file cannot be written
    """
    write_model(path, state, declaration, {**about, "target": asdict(standard)}, card)


def load(
    path: Path, build: Callable[[Mapping[str, torch.Tensor], Mapping[str, Any]], Network], maker: str
) -> tuple[Network, Standard]:
    """Read a network, in evaluation mode and without gradients, and the scale of its outputs.

    Args:
        path: the model file
        build: makes the network of the file's parameters and header
        maker: the command that writes such files

    Raises:
        WeightsError: if the file is not there, or not one that the command wrote
    """
    tensors, about = read_model(path)
    try:
        network = build(tensors, about)
        standard = Standard(float(about["target"]["mean"]), float(about["target"]["std"]))
    except (KeyError, TypeError, ValueError, RuntimeError, UsageError) as error:
        raise WeightsError(f"{path}: not a model that `{maker}` wrote ({error})") from error
    return network.eval().requires_grad_(False), standard


class NetworkMetric(Metric, Generic[Network]):
    """A trained network as a metric with scores of 0 to 100.

    Args:
        info: what the metric declares of itself
        path: the model file
        device: where to compute
        policy: image policy

    Raises:
        WeightsError: if the file is no model of the family
    """

    min_side = MIN_SIDE

    def __init__(
        self, info: MetricInfo, path: Path, *, device: torch.device | str = "cpu", policy: ImagePolicy = NATIVE
    ) -> None:
        self.info = info
        self.policy = policy
        self._path = path
        self._device = device
        network, self._standard = self._load(path)
        self._model: Network = network.to(device)

    @classmethod
    def create(
        cls, *, info: MetricInfo, weights: str | Path, device: torch.device | str = "cpu", policy: str | None = None
    ) -> Self:
        """Make the metric.

        Args:
            info: what the metric declares of itself
            weights: the model file
            device: where to compute
            policy: image policy; None for native size

        Raises:
            UsageError: if the policy does not exist
            WeightsError: if the file is no model of the family
        """
        chosen = NATIVE if policy is None else image_policy(policy)
        return cls(info, Path(weights), device=device, policy=chosen)

    def describe(self) -> dict[str, Any]:
        """The model file, and what its family tells of it."""
        return {"model": {"file": self._path.name, "sha256": sha256(self._path)}, **self._described()}

    @staticmethod
    @abstractmethod
    def _load(path: Path) -> tuple[Network, Standard]:
        """Read a model file of the family."""

    @abstractmethod
    def _described(self) -> dict[str, Any]:
        """What besides the file decides the scores, or should be known of it; JSON-able."""
