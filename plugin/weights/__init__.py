"""Files of parameters: how they are declared, found, fetched, checked and read."""

from .declaration import ParameterFile, Weights
from .reading import read_array_pickle, read_tensors, sha256
from .search import ENVIRONMENT_VARIABLE, fetch, locate, resolve, ways_out

__all__ = [
    "ENVIRONMENT_VARIABLE",
    "ParameterFile",
    "Weights",
    "fetch",
    "locate",
    "read_array_pickle",
    "read_tensors",
    "resolve",
    "sha256",
    "ways_out",
]
