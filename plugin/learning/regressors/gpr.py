"""Exact Gaussian process regression with Matérn 5/2 covariance.

N. Ahmed, H. M. S. Asif, "Perceptual Quality Assessment of Digital Images Using Deep Features", Computing and
Informatics 39, 2020, eq. 1-3; C. E. Rasmussen, C. K. I. Williams, "Gaussian Processes for Machine Learning", 2006,
algorithm 2.1. Equation 3 of the former prints 5r²/(3σ)² for what is 5r²/(3σ²) in the Matérn covariance.
"""

from __future__ import annotations

import math
from typing import Any, Literal, Self

import torch
from numpy.typing import NDArray

from ...errors import UsageError
from .base import Array, Prediction
from .kernels import Groups, Hyperparameters, Relations
from .likelihood import by_bayesian_optimisation, by_gradient


class GaussianProcess:
    """A Gaussian process of zero mean: give it standardised targets.

    Args:
        groups: how the features enter the covariance; None for one Matérn term of all
        hyperparameters: of the covariance; None to search for those of the largest marginal likelihood
        search: by what
        seed: of the Bayesian search
    """

    def __init__(
        self,
        groups: Groups | None = None,
        hyperparameters: Hyperparameters | None = None,
        *,
        search: Literal["gradient", "bayesian"] = "gradient",
        seed: int = 0,
    ) -> None:
        self._groups = groups
        self._given = hyperparameters
        self._search = search
        self._seed = seed

    def fit(self, x: NDArray[Any], y: NDArray[Any]) -> Self:
        """Condition on features (N, D) and targets (N,).

        Raises:
            UsageError: if the covariance is not of D features
        """
        self.groups = self._groups or Groups((x.shape[1],))
        if self.groups.size != x.shape[1]:
            raise UsageError(f"the covariance is of {self.groups.size} features, not {x.shape[1]}")
        self._x = torch.as_tensor(x, dtype=torch.float64)
        self._y = torch.as_tensor(y, dtype=torch.float64)
        related = Relations.between(self.groups, self._x, self._x)
        self.hyperparameters = self._given or self._likeliest(related)
        among = related.covariance(self.hyperparameters.logarithms())
        among.diagonal().add_(self.hyperparameters.noise)
        self._factor = torch.linalg.cholesky(among)
        self._weights = torch.cholesky_solve(self._y[:, None], self._factor)[:, 0]
        return self

    def predict(self, x: Array) -> Prediction:
        """Mean and standard deviation of a new observation, its noise included, at features (M, D)."""
        return Prediction(*self.moments(x))

    def moments(self, x: Array) -> tuple[Array, Array]:
        """What :meth:`predict` holds."""
        new = torch.as_tensor(x, dtype=torch.float64)
        cross = Relations.between(self.groups, new, self._x).covariance(self.hyperparameters.logarithms())
        numbers = self.hyperparameters
        prior = numbers.matern * len(self.groups.matern) + numbers.linear * self._linear(new).square().sum(1)
        explained = torch.linalg.solve_triangular(self._factor, cross.T, upper=False).square().sum(0)
        variance = (prior - explained).clamp_min(0) + numbers.noise
        return (cross @ self._weights).numpy(), variance.sqrt().numpy()

    def solved(self) -> tuple[Array, Array, Array]:
        """What :meth:`moments` computes with.

        Returns:
            features that it is conditioned on (N, D), the covariances' weights in the mean (N,), and the inverse of
            the Cholesky factor of the targets' covariance (N, N): the squared length of its product with a new
            point's covariances is what the targets explain of the point's variance
        """
        identity = torch.eye(len(self._x), dtype=torch.float64)
        inverse = torch.linalg.solve_triangular(self._factor, identity, upper=False)
        return self._x.numpy(), self._weights.numpy(), inverse.numpy()

    def log_marginal_likelihood(self) -> float:
        """Of the targets that it is conditioned on (Rasmussen and Williams, eq. 2.30)."""
        volume = 2 * self._factor.diagonal().log().sum()
        return float(-0.5 * (self._y @ self._weights + volume + len(self._y) * math.log(2 * math.pi)))

    def linear_weights(self) -> Array:
        """What the linear term adds to the mean for one unit of each of its features.

        The rest of the mean is that of a process of the Matérn terms alone, conditioned on what is left of the
        targets when the linear part is taken off.
        """
        weights: Array = (self.hyperparameters.linear * (self._linear(self._x).T @ self._weights)).numpy()
        return weights

    def _likeliest(self, related: Relations) -> Hyperparameters:
        if self._search == "bayesian":
            return by_bayesian_optimisation(related, self._y, seed=self._seed)
        return by_gradient(related, self._y)

    def _linear(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, sum(self.groups.matern) :]
