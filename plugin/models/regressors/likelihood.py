"""The hyperparameters under which a Gaussian process finds its targets the likeliest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch

from .base import Array
from .kernels import Hyperparameters, Term, log_likelihood, relations

#: Hyperparameters are searched up to so many times larger or smaller than where the search starts.
REACH: Final = 1e3

#: Iterations of the search by gradient, and likelihoods looked at by Bayesian optimisation.
STEPS: Final = 50


def by_gradient(terms: Sequence[Term], x: torch.Tensor, y: torch.Tensor) -> Hyperparameters:
    """Climb the marginal likelihood by L-BFGS.

    Args:
        terms: what the covariance adds up
        x: features, (N, D)
        y: standardised targets, (N,)
    """
    from scipy.optimize import minimize

    related = relations(terms, x, x)
    start = _start(terms, related)

    def negative(values: Array) -> tuple[float, Array]:
        logarithms = torch.from_numpy(values.copy()).requires_grad_()
        value = -log_likelihood(terms, related, y, logarithms)
        (gradient,) = torch.autograd.grad(value, logarithms)
        return value.item(), gradient.numpy()

    bounds = [(value - np.log(REACH), value + np.log(REACH)) for value in start]
    found = minimize(negative, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS})
    return Hyperparameters.from_logarithms(found.x, len(terms))


def by_bayesian_optimisation(
    terms: Sequence[Term], x: torch.Tensor, y: torch.Tensor, *, seed: int
) -> Hyperparameters:
    """Search the marginal likelihood by Bayesian optimisation, as the paper does for its one hyperparameter.

    Args:
        terms: what the covariance adds up
        x: features, (N, D)
        y: standardised targets, (N,)
        seed: of the sampler
    """
    import optuna

    related = relations(terms, x, x)
    start = _start(terms, related)
    names = [str(index) for index in range(len(start))]
    reach = np.log(REACH) / 2

    def likelihood(trial: optuna.Trial) -> float:
        values = [trial.suggest_float(name, at - reach, at + reach) for name, at in zip(names, start, strict=True)]
        return float(log_likelihood(terms, related, y, torch.tensor(values, dtype=y.dtype)))

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(direction="maximize", sampler=optuna.samplers.GPSampler(seed=seed))
        study.enqueue_trial(dict(zip(names, start.tolist(), strict=True)))
        study.optimize(likelihood, n_trials=STEPS)
    finally:
        optuna.logging.set_verbosity(verbosity)
    return Hyperparameters.from_logarithms([study.best_params[name] for name in names], len(terms))


def _start(terms: Sequence[Term], related: Sequence[torch.Tensor]) -> Array:
    """Logarithms: each term a like share of the targets' variance, lengths of the typical distance."""
    share = 0.8 / len(terms)
    variances, lengths = [], []
    for term, relation in zip(terms, related, strict=True):
        typical = max(float(relation.diagonal().mean() if term.kind == "linear" else relation.mean()), 1e-12)
        variances.append(share / typical if term.kind == "linear" else share)
        if term.kind == "matern":
            lengths.append(typical**0.5)
    return Hyperparameters(tuple(variances), tuple(lengths), 0.2).logarithms()
