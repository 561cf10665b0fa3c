"""Covariance functions of Gaussian processes, and their hyperparameters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
import torch

from .base import Array


@dataclass(frozen=True)
class Term:
    """One of the covariances that a process adds up, over a group of features of its own.

    Args:
        kind: ``matern``, of smoothness 5/2, or ``linear``: the inner product
        size: how many features the group has
    """

    kind: Literal["matern", "linear"]
    size: int


@dataclass(frozen=True)
class Hyperparameters:
    """Of a sum of T covariances and of noise.

    Args:
        variances: what each covariance is multiplied by
        lengths: of each Matérn covariance in the features' unit, in order
        noise: variance of the targets about the function
    """

    variances: tuple[float, ...]
    lengths: tuple[float, ...]
    noise: float

    def logarithms(self) -> Array:
        """All in one vector."""
        return np.log([*self.variances, *self.lengths, self.noise])

    @classmethod
    def from_logarithms(cls, values: Array | Sequence[float], terms: int) -> Self:
        """The reverse of :meth:`logarithms`, for so many terms."""
        numbers = np.exp(values).tolist()
        return cls(tuple(numbers[:terms]), tuple(numbers[terms:-1]), numbers[-1])


def squared_distances(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Squared Euclidean distances: (N, D) and (M, D) to (N, M)."""
    squares = a.square().sum(1)[:, None] + b.square().sum(1)
    return torch.addmm(squares, a, b.T, alpha=-2).clamp_min_(0)


def matern52(squared: torch.Tensor, length: torch.Tensor | float) -> torch.Tensor:
    """Matérn covariance of smoothness 5/2 and variance 1 (Rasmussen and Williams, eq. 4.17).

    Args:
        squared: squared distances
        length: in the unit of the distances
    """
    # The root has no gradient at 0, which is where each point meets itself.
    scaled = (5 * squared / length**2 + 1e-20).sqrt()
    return (1 + scaled + scaled.square() / 3) * torch.exp(-scaled)


def relations(terms: Sequence[Term], a: torch.Tensor, b: torch.Tensor) -> list[torch.Tensor]:
    """What each term's covariance of (N, D) and (M, D) depends on, (N, M): squared distances or inner products."""
    sizes = [term.size for term in terms]
    return [
        left @ right.T if term.kind == "linear" else squared_distances(left, right)
        for term, left, right in zip(terms, a.split(sizes, dim=1), b.split(sizes, dim=1), strict=True)
    ]


def covariance(terms: Sequence[Term], related: Sequence[torch.Tensor], logarithms: torch.Tensor) -> torch.Tensor:
    """Sum of the terms' covariances, noise left out.

    Args:
        terms: T of them
        related: their :func:`relations`
        logarithms: of the hyperparameters
    """
    variances, lengths = logarithms[: len(terms)].exp(), iter(logarithms[len(terms) :].exp())
    total = torch.zeros_like(related[0])
    for term, relation, variance in zip(terms, related, variances, strict=True):
        total = total + variance * (relation if term.kind == "linear" else matern52(relation, next(lengths)))
    return total


def log_likelihood(
    terms: Sequence[Term], related: Sequence[torch.Tensor], y: torch.Tensor, logarithms: torch.Tensor
) -> torch.Tensor:
    """Log marginal likelihood of targets (N,) (Rasmussen and Williams, eq. 2.30).

    Args:
        terms: T of them
        related: their :func:`relations` among the N examples
        y: the targets
        logarithms: of the hyperparameters
    """
    noise = logarithms[-1].exp() * torch.eye(len(y), dtype=y.dtype)
    factor = torch.linalg.cholesky(covariance(terms, related, logarithms) + noise)
    whitened = torch.linalg.solve_triangular(factor, y[:, None], upper=False)
    volume = 2 * factor.diagonal().log().sum()
    return -0.5 * (whitened.square().sum() + volume + len(y) * math.log(2 * math.pi))
