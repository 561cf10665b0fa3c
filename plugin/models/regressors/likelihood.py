"""The hyperparameters under which a Gaussian process finds its targets the likeliest."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch

from .base import Array
from .kernels import Groups, Hyperparameters, Relations

#: Hyperparameters are searched up to so many times larger or smaller than where the search starts.
REACH: Final = 1e3

#: Iterations of the search by gradient, and likelihoods that Bayesian optimisation looks at.
STEPS: Final = 40


def by_gradient(groups: Groups, x: torch.Tensor, y: torch.Tensor) -> Hyperparameters:
    """Climb the marginal likelihood by L-BFGS.

    Args:
        groups: how the features enter
        x: features, (N, D)
        y: standardised targets, (N,)
    """
    from scipy.optimize import minimize

    related = Relations.between(groups, x, x)
    start = _start(groups, related)

    def negative(values: Array) -> tuple[float, Array]:
        logarithms = torch.from_numpy(values.copy()).requires_grad_()
        value = -related.log_likelihood(y, logarithms)
        (gradient,) = torch.autograd.grad(value, logarithms)
        return value.item(), gradient.numpy()

    bounds = [(value - np.log(REACH), value + np.log(REACH)) for value in start]
    found = minimize(negative, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS})
    return Hyperparameters.from_logarithms(found.x)


def by_bayesian_optimisation(groups: Groups, x: torch.Tensor, y: torch.Tensor, *, seed: int) -> Hyperparameters:
    """Search the marginal likelihood by Bayesian optimisation.

    Args:
        groups: how the features enter
        x: features, (N, D)
        y: standardised targets, (N,)
        seed: of the sampler
    """
    import optuna

    related = Relations.between(groups, x, x)
    start = _start(groups, related)
    at_work = [True] * 4 if groups.linear else [True, True, False, True]
    names = [str(index) for index in range(4)]
    reach = np.log(REACH) / 2

    def likelihood(trial: optuna.Trial) -> float:
        values = [
            trial.suggest_float(name, at - reach, at + reach) if searched else at
            for name, at, searched in zip(names, start, at_work, strict=True)
        ]
        return float(related.log_likelihood(y, torch.tensor(values, dtype=y.dtype)))

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        study = optuna.create_study(direction="maximize", sampler=optuna.samplers.GPSampler(seed=seed))
        study.enqueue_trial({name: at for name, at, searched in zip(names, start, at_work, strict=True) if searched})
        study.optimize(likelihood, n_trials=STEPS)
    finally:
        optuna.logging.set_verbosity(verbosity)
    return Hyperparameters.from_logarithms(
        np.array([study.best_params.get(name, at) for name, at in zip(names, start, strict=True)])
    )


def _start(groups: Groups, related: Relations) -> Array:
    """Logarithms: each kind a like share of the targets' variance, and for length half a typical distance."""
    matern, linear = len(groups.matern), bool(groups.linear)
    share = 0.8 / (bool(matern) + linear)
    squared = np.mean([float(each.mean()) for each in related.squared]) if matern else 1.0
    return (
        Hyperparameters(
            matern=share / max(matern, 1),
            length=float(np.sqrt(squared)) / 2,
            linear=share / float(related.products.diagonal().mean()) if linear else 1.0,
            noise=0.2,
        )
        .logarithms()
        .numpy()
    )
