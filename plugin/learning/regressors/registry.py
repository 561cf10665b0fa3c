"""Regressors by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ...errors import UsageError
from . import controls
from .base import Regressor
from .gpr import GaussianProcess

REGRESSORS: Final[dict[str, Callable[[], Regressor]]] = {
    "gpr": GaussianProcess,
    "gpr-bayesian": lambda: GaussianProcess(search="bayesian"),
    "svr-linear": controls.linear_svr,
    "svr-rbf": controls.rbf_svr,
    "ridge": controls.ridge,
}


def create(name: str) -> Regressor:
    """Make a regressor by its name.

    Raises:
        UsageError: if there is none of that name
    """
    try:
        return REGRESSORS[name]()
    except KeyError:
        raise UsageError(f"no regressor {name!r}; there are {', '.join(REGRESSORS)}") from None
