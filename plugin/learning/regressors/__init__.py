"""From feature vectors to quality: Gaussian processes, and support vectors and ridge as controls."""

from .base import Prediction, Regressor
from .gpr import GaussianProcess
from .kernels import Groups, Hyperparameters
from .registry import REGRESSORS, create

__all__ = ["REGRESSORS", "GaussianProcess", "Groups", "Hyperparameters", "Prediction", "Regressor", "create"]
