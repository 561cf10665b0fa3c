"""Exact Gaussian process regression on many examples, said again by few.

A process conditioned on N examples has a mean of N terms. Its best likeness of M terms at M of the examples (the
subset of regressors, Rasmussen and Williams, section 8.3.1, fitted to the mean itself) is again the mean of a
process, conditioned on M examples with targets of their own: a model file holds these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ..regressors import Groups, Hyperparameters
from ..regressors.base import Array
from ..regressors.kernels import matern52

#: Rows of the covariance that are computed at a time.
_ROWS = 2000

#: What is added to the covariance of the M examples, as a share of its diagonal, so that it can be inverted.
_JITTER = 1e-4


@dataclass(frozen=True)
class Process:
    """A process conditioned on N examples.

    Args:
        groups: how the features enter the covariance
        hyperparameters: of the covariance
        examples: features, (N, D), float32
        weights: of the examples' covariances in the mean, (N,)
    """

    groups: Groups
    hyperparameters: Hyperparameters
    examples: torch.Tensor
    weights: torch.Tensor

    @classmethod
    def fit(cls, groups: Groups, hyperparameters: Hyperparameters, x: Array, y: Array, doubts: Array) -> Process:
        """Condition on features (N, D) and targets (N,), in single precision and 4 N² bytes or twice that.

        Args:
            groups: how the features enter the covariance
            hyperparameters: of the covariance and the noise
            x: features
            y: targets
            doubts: what the noise of each target is multiplied by, (N,)
        """
        examples = torch.as_tensor(x, dtype=torch.float32)
        among = covariance(groups, hyperparameters, examples, examples)
        among.diagonal().add_(torch.as_tensor(hyperparameters.noise * doubts, dtype=torch.float32))
        factor = torch.linalg.cholesky(among)
        targets = torch.as_tensor(y, dtype=torch.float32)[:, None]
        return cls(groups, hyperparameters, examples, torch.cholesky_solve(targets, factor)[:, 0])

    def mean(self, x: Array) -> Array:
        """At features (M, D)."""
        new = torch.as_tensor(x, dtype=torch.float32)
        return (covariance(self.groups, self.hyperparameters, new, self.examples) @ self.weights).double().numpy()

    def linear_weights(self) -> Array:
        """What the linear term adds to the mean for one unit of each of its features."""
        linear = self.examples[:, sum(self.groups.matern) :]
        return (self.hyperparameters.linear * (linear.T @ self.weights)).double().numpy()


def covariance(groups: Groups, hyperparameters: Hyperparameters, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Of features (N, D) and (M, D), (N, M), noise left out; a few rows at a time, to spare memory."""
    sizes = [*groups.matern, groups.linear]
    *right, right_linear = torch.split(b, sizes, dim=1)
    found = torch.empty(len(a), len(b), dtype=a.dtype)
    length = torch.tensor(hyperparameters.length, dtype=a.dtype)
    for rows, target in zip(a.split(_ROWS), found.split(_ROWS), strict=True):
        *left, left_linear = torch.split(rows, sizes, dim=1)
        torch.mm(left_linear, right_linear.T, out=target).mul_(hyperparameters.linear)
        for x, y in zip(left, right, strict=True):
            target.add_(matern52(torch.cdist(x, y), length), alpha=hyperparameters.matern)
    return found


def condense(process: Process, chosen: Sequence[int] | np.ndarray) -> Array:
    """Targets of the chosen examples that give a process of the Matérn terms nearly the same mean, (M,).

    Conditioned on the chosen examples and these targets, with the hyperparameters' noise, a process of the Matérn
    terms alone has that mean whose values at all N examples differ least from those of the whole one's Matérn terms.

    Args:
        process: on N examples
        chosen: M of them
    """
    count = sum(process.groups.matern)
    groups = Groups(process.groups.matern)
    curved = process.examples[:, :count]
    few = curved[torch.as_tensor(np.asarray(chosen))]
    numbers = process.hyperparameters
    across = covariance(groups, numbers, curved, few)
    wanted = torch.cat([covariance(groups, numbers, rows, curved) @ process.weights for rows in curved.split(_ROWS)])
    among = covariance(groups, numbers, few, few).double()
    across = across.double()
    ridge = _JITTER * numbers.noise
    normal = across.T @ across + ridge * among
    weights = torch.linalg.solve(normal, across.T @ wanted.double())
    among.diagonal().add_(numbers.noise)
    return (among @ weights).numpy()
