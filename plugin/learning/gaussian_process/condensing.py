"""Exact Gaussian process regression on many examples, said again by few.

A process conditioned on N examples has a mean of N terms. Its best likeness of M terms at M of the examples (the
subset of regressors, Rasmussen and Williams, section 8.3.1, fitted to the mean itself) is again the mean of a
process, conditioned on M examples with targets of their own: a model file holds these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np
import torch
from numpy.typing import NDArray

from ..regressors import Groups, Hyperparameters
from ..regressors.base import Array
from ..regressors.kernels import matern52

#: Rows of the covariance that are computed at a time.
_ROWS: Final = 2000

#: What is added to the diagonal of the normal equations, as a share of its mean.
_JITTER: Final = 1e-9


@dataclass(frozen=True)
class Process:
    """A process conditioned on N examples.

    Args:
        groups: how the features enter the covariance
        hyperparameters: of the covariance
        examples: features, (N, D), single precision
        factor: lower triangular, of the covariance of the examples with their noise, (N, N), double precision
        weights: of the examples' covariances in the mean, (N,), double precision
    """

    groups: Groups
    hyperparameters: Hyperparameters
    examples: torch.Tensor
    factor: torch.Tensor
    weights: torch.Tensor

    @classmethod
    def fit(cls, groups: Groups, hyperparameters: Hyperparameters, x: NDArray[Any], y: Array, doubts: Array) -> Self:
        """Condition on features (N, D) and targets (N,).

        Args:
            groups: how the features enter the covariance
            hyperparameters: of the covariance and the noise
            x: features
            y: targets
            doubts: what the noise of each target is multiplied by, (N,)
        """
        examples = torch.as_tensor(x, dtype=torch.float32)
        among = covariance(groups, hyperparameters, examples, examples).double()
        among.diagonal().add_(torch.from_numpy(hyperparameters.noise * doubts))
        factor = torch.linalg.cholesky(among)
        weights = torch.cholesky_solve(torch.from_numpy(y)[:, None], factor)[:, 0]
        return cls(groups, hyperparameters, examples, factor, weights)

    def left_out(self, sources: Sequence[str]) -> tuple[Array, Array]:
        """What the mean at each example is off by when all of its source are left out, and the deviation there.

        In closed form: Rasmussen and Williams, eq. 5.10 to 5.12, with a block for each source.

        Args:
            sources: of the examples, (N,)

        Returns:
            target minus mean, (N,), and the deviation of a new observation as noisy as the example, (N,)
        """
        precision = torch.cholesky_inverse(self.factor)
        errors, deviations = np.empty(len(sources)), np.empty(len(sources))
        of: dict[str, list[int]] = {}
        for index, source in enumerate(sources):
            of.setdefault(source, []).append(index)
        for members in of.values():
            at = torch.tensor(members)
            variance = torch.linalg.inv(precision[at[:, None], at])
            errors[members] = (variance @ self.weights[at]).numpy()
            deviations[members] = variance.diagonal().sqrt().numpy()
        return errors, deviations

    def mean(self, x: NDArray[Any]) -> Array:
        """At features (M, D)."""
        new = torch.as_tensor(x, dtype=torch.float32)
        across = covariance(self.groups, self.hyperparameters, new, self.examples)
        mean: Array = (across.double() @ self.weights).numpy()
        return mean

    def linear_weights(self) -> Array:
        """What the linear term adds to the mean for one unit of each of its features."""
        linear = self.examples[:, sum(self.groups.matern) :]
        weights: Array = (self.hyperparameters.linear * (linear.T.double() @ self.weights)).numpy()
        return weights


def covariance(groups: Groups, hyperparameters: Hyperparameters, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Of features (N, D) and (M, D), (N, M), noise left out; a few rows at a time, to spare memory."""
    sizes = [*groups.matern, groups.linear]
    *right, right_linear = torch.split(b, sizes, dim=1)
    found = torch.empty(len(a), len(b), dtype=a.dtype)
    length = torch.tensor(hyperparameters.length, dtype=a.dtype)
    for rows, target in zip(torch.split(a, _ROWS), torch.split(found, _ROWS), strict=True):
        *left, left_linear = torch.split(rows, sizes, dim=1)
        torch.mm(left_linear, right_linear.T, out=target).mul_(hyperparameters.linear)
        for x, y in zip(left, right, strict=True):
            target.add_(matern52(torch.cdist(x, y), length), alpha=hyperparameters.matern)
    return found


def condense(process: Process, chosen: NDArray[np.intp]) -> Array:
    """Targets of the chosen examples that give a process of the Matérn terms nearly the same mean, (M,).

    Conditioned on the chosen examples and these targets, with the hyperparameters' noise, a process of the Matérn
    terms alone has that mean whose values at all N examples differ least from those of the whole one's Matérn terms.

    Args:
        process: on N examples
        chosen: M of them
    """
    curved = process.examples[:, : sum(process.groups.matern)]
    few = curved[torch.from_numpy(chosen)]
    terms, numbers = Groups(process.groups.matern), process.hyperparameters
    across = covariance(terms, numbers, curved, few).double()
    among = covariance(terms, numbers, few, few).double()
    wanted = torch.cat(
        [covariance(terms, numbers, rows, curved).double() @ process.weights for rows in torch.split(curved, _ROWS)]
    )
    normal = across.T @ across
    # Pictures that are the same, such as a photograph drawn clean twice, would make it singular.
    normal.diagonal().add_(_JITTER * normal.trace() / len(normal))
    weights = torch.linalg.solve(normal, across.T @ wanted)
    among.diagonal().add_(numbers.noise)
    targets: Array = (among @ weights).numpy()
    return targets
