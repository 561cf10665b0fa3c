"""Covariance functions of Gaussian processes, and their hyperparameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from typing import Self

import numpy as np
import torch

from .base import Array


@dataclass(frozen=True)
class Groups:
    """How features enter the covariance: one Matérn term for each of the first groups, and one linear term.

    Args:
        matern: how many features each Matérn term is of
        linear: how many of the following are in the linear term
    """

    matern: tuple[int, ...]
    linear: int = 0

    @property
    def size(self) -> int:
        """Number of features."""
        return sum(self.matern) + self.linear


@dataclass(frozen=True)
class Hyperparameters:
    """Of a sum of covariances, and of noise.

    The Matérn terms share theirs. With some for each, a thousand examples are too few: the likelihood then prefers
    covariances that say nothing of new images.

    Args:
        matern: variance of each Matérn term
        length: of each Matérn term, in the features' unit
        linear: what the linear term's inner product is multiplied by
        noise: variance of the targets about the function
    """

    matern: float
    length: float
    linear: float
    noise: float

    def logarithms(self) -> torch.Tensor:
        """All in one vector, (4,)."""
        return torch.tensor(astuple(self), dtype=torch.float64).log()

    @classmethod
    def from_logarithms(cls, values: Array) -> Self:
        """Hyperparameters of their logarithms, as :meth:`logarithms` gives them."""
        return cls(*np.exp(values).tolist())


@dataclass(frozen=True)
class Relations:
    """All that the covariance of N and M vectors depends on, besides hyperparameters.

    Args:
        distances: Euclidean distances within each Matérn group, each (N, M)
        products: inner products of the linear features, (N, M)
    """

    distances: Sequence[torch.Tensor]
    products: torch.Tensor

    @classmethod
    def between(cls, groups: Groups, a: torch.Tensor, b: torch.Tensor) -> Self:
        """Of features (N, D) and (M, D)."""
        sizes = [*groups.matern, groups.linear]
        *left, left_linear = torch.split(a, sizes, dim=1)
        *right, right_linear = torch.split(b, sizes, dim=1)
        return cls([_distances(x, y) for x, y in zip(left, right, strict=True)], left_linear @ right_linear.T)

    def covariance(self, logarithms: torch.Tensor) -> torch.Tensor:
        """Sum of the terms, noise left out, (N, M), by logarithms of the hyperparameters."""
        matern, length, linear, _ = logarithms.exp()
        total: torch.Tensor = linear * self.products
        for distances in self.distances:
            total = total + matern * matern52(distances, length)
        return total

    def log_likelihood(self, y: torch.Tensor, logarithms: torch.Tensor) -> torch.Tensor:
        """Log marginal likelihood of the targets (N,) of N vectors related to themselves (Rasmussen and Williams,
        eq. 2.30).
        """
        noise = logarithms[-1].exp() * torch.eye(len(y), dtype=y.dtype)
        factor = torch.linalg.cholesky(self.covariance(logarithms) + noise)
        whitened = torch.linalg.solve_triangular(factor, y[:, None], upper=False)
        volume = 2 * factor.diagonal().log().sum()
        likelihood: torch.Tensor = -0.5 * (whitened.square().sum() + volume + len(y) * math.log(2 * math.pi))
        return likelihood


def matern52(distances: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
    """Matérn covariance of smoothness 5/2 and variance 1 (Rasmussen and Williams, eq. 4.17).

    Args:
        distances: Euclidean
        length: in their unit
    """
    scaled = distances * (math.sqrt(5) / length)
    return (1 + scaled * (1 + scaled / 3)) * torch.exp(-scaled)


def _distances(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    squares = a.square().sum(1)[:, None] + b.square().sum(1)
    return torch.addmm(squares, a, b.T, alpha=-2).clamp_min_(0).sqrt_()
