"""FiftyOne operators: a form, a call, an output."""

from .compute_full_reference import ComputeFullReference
from .evaluate_quality import EvaluateQuality

OPERATORS = (ComputeFullReference, EvaluateQuality)

__all__ = ["OPERATORS", "ComputeFullReference", "EvaluateQuality"]
