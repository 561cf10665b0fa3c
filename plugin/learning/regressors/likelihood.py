"""The hyperparameters under which a Gaussian process finds its targets the likeliest."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch

from .base import Array
from .kernels import Hyperparameters, Relations

#: Hyperparameters are searched up to so many times larger or smaller than where the search starts.
REACH: Final = 1e3

#: Iterations of the search by gradient, and likelihoods that Bayesian optimisation looks at.
STEPS: Final = 40


def by_gradient(related: Relations, y: torch.Tensor) -> Hyperparameters:
    """Climb the marginal likelihood by L-BFGS.

    Args:
        related: relations among N examples
        y: standardised targets, (N,)
    """
    from scipy.optimize import minimize

    start = _start(related)

    def negative(values: Array) -> tuple[float, Array]:
        logarithms = torch.from_numpy(values.copy()).requires_grad_()
        value = -related.log_likelihood(y, logarithms)
        (gradient,) = torch.autograd.grad(value, logarithms)
        return value.item(), gradient.numpy()

    bounds = [(value - np.log(REACH), value + np.log(REACH)) for value in start]
    # A change of the likelihood by so small a part of it tells nothing.
    options = {"maxiter": STEPS, "ftol": 1e-6}
    found = minimize(negative, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return Hyperparameters.from_logarithms(found.x)


def by_bayesian_optimisation(related: Relations, y: torch.Tensor, *, seed: int) -> Hyperparameters:
    """Search the marginal likelihood by Bayesian optimisation.

    Args:
        related: relations among N examples
        y: standardised targets, (N,)
        seed: of the sampler
    """
    import optuna

    start = _start(related)
    curved, linear = bool(related.distances), bool(related.products.any())
    at_work = [curved, curved, linear, True]
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


def _start(related: Relations) -> Array:
    """Logarithms: each kind a like share of the targets' variance, and for length half a typical distance."""
    curved, square = len(related.distances), float(related.products.diagonal().mean())
    share = 0.8 / (bool(curved) + bool(square))
    numbers = Hyperparameters(
        matern=share / max(curved, 1),
        length=float(np.mean([float(each.mean()) for each in related.distances])) / 2 if curved else 1.0,
        linear=share / square if square else 1.0,
        noise=0.2,
    )
    return numbers.logarithms().numpy()
