"""Exact Gaussian process regression with Matérn 5/2 covariance.

N. Ahmed, H. M. S. Asif, "Perceptual Quality Assessment of Digital Images Using Deep Features", Computing and
Informatics 39, 2020, eq. 1-3; C. E. Rasmussen, C. K. I. Williams, "Gaussian Processes for Machine Learning", 2006,
algorithm 2.1. Equation 3 of the former prints 5r²/(3σ)² for what is 5r²/(3σ²) in the Matérn covariance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, Self

import numpy as np
import torch

from ...errors import UsageError
from .base import Array, Prediction
from .kernels import Hyperparameters, Term, covariance, relations
from .likelihood import by_bayesian_optimisation, by_gradient


class GaussianProcess:
    """A Gaussian process of zero mean: give it standardised targets.

    Args:
        terms: what the covariance adds up, each over the next of the features; None for one Matérn of all
        hyperparameters: of the covariance; None to search for those of the largest marginal likelihood
        search: by what
        subset: the search looks at no more than so many examples, drawn at random
        seed: of the draw and the search
    """

    def __init__(
        self,
        terms: Sequence[Term] | None = None,
        hyperparameters: Hyperparameters | None = None,
        *,
        search: Literal["gradient", "bayesian"] = "gradient",
        subset: int = 1000,
        seed: int = 0,
    ) -> None:
        self._terms = terms
        self.hyperparameters = hyperparameters
        self._search = search
        self._subset = subset
        self._seed = seed

    def fit(self, x: Array, y: Array) -> Self:
        """Condition on features (N, D) and targets (N,).

        Raises:
            UsageError: if the terms are not over D features together
        """
        self.terms = self._terms or (Term("matern", x.shape[1]),)
        if (size := sum(term.size for term in self.terms)) != x.shape[1]:
            raise UsageError(f"the covariance is of {size} features, not {x.shape[1]}")
        self._x = torch.as_tensor(x, dtype=torch.float64)
        self._y = torch.as_tensor(y, dtype=torch.float64)
        if self.hyperparameters is None:
            self.hyperparameters = self._most_likely()
        self._logarithms = torch.from_numpy(self.hyperparameters.logarithms())
        among = self._covariance(self._x)
        among.diagonal().add_(self.hyperparameters.noise)
        self._inverse_factor = torch.linalg.inv(torch.linalg.cholesky(among))
        self._weights = self._inverse_factor.T @ (self._inverse_factor @ self._y)
        return self

    def predict(self, x: Array) -> Prediction:
        """Mean and standard deviation of a new observation, its noise included, at features (M, D)."""
        new = torch.as_tensor(x, dtype=torch.float64)
        cross = self._covariance(new)
        explained = (cross @ self._inverse_factor.T).square().sum(1)
        variance = (self._prior_variance(new) - explained).clamp_min(0) + self._logarithms[-1].exp()
        return Prediction((cross @ self._weights).numpy(), variance.sqrt().numpy())

    def log_marginal_likelihood(self) -> float:
        """Of the targets that it is conditioned on (Rasmussen and Williams, eq. 2.30)."""
        volume = -2 * self._inverse_factor.diagonal().log().sum()
        return float(-0.5 * (self._y @ self._weights + volume + len(self._y) * math.log(2 * math.pi)))

    def linear_weights(self) -> Array:
        """What the mean adds for one unit of each feature by the linear terms, (D,); 0 for other terms' features.

        The rest of the mean is what a process of the other terms alone gives, conditioned on what is left of the
        targets when the linear part is taken off.
        """
        sizes = [term.size for term in self.terms]
        parts = [
            variance * (x.T @ self._weights) if term.kind == "linear" else x.new_zeros(term.size)
            for term, x, variance in zip(
                self.terms, self._x.split(sizes, dim=1), self._logarithms.exp()[: len(sizes)], strict=True
            )
        ]
        return torch.cat(parts).numpy()

    def _most_likely(self) -> Hyperparameters:
        chosen = torch.from_numpy(np.random.default_rng(self._seed).permutation(len(self._y))[: self._subset])
        x, y = self._x[chosen], self._y[chosen]
        if self._search == "bayesian":
            return by_bayesian_optimisation(self.terms, x, y, seed=self._seed)
        return by_gradient(self.terms, x, y)

    def _covariance(self, x: torch.Tensor) -> torch.Tensor:
        """Covariance of the function at x and at the examples, (M, N)."""
        return covariance(self.terms, relations(self.terms, x, self._x), self._logarithms)

    def _prior_variance(self, x: torch.Tensor) -> torch.Tensor:
        """Variance of the function at x before any example is known, (M,)."""
        total = x.new_zeros(len(x))
        parts = x.split([term.size for term in self.terms], dim=1)
        for term, part, variance in zip(self.terms, parts, self._logarithms.exp(), strict=False):
            total += variance * (part.square().sum(1) if term.kind == "linear" else 1)
        return total
