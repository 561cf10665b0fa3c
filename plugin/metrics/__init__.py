"""The metrics: what each is called, which way it points, and how to make one.

This module imports no torch: names, directions and citations are needed where nothing is computed.
"""

from __future__ import annotations

from .info import Kind, MetricInfo
from .registry import (
    MODEL_SUFFIX,
    check_model_path,
    create,
    distinct,
    find_by_field,
    metric_info,
    metric_names,
    register_model,
)

__all__ = [
    "MODEL_SUFFIX",
    "Kind",
    "MetricInfo",
    "check_model_path",
    "create",
    "distinct",
    "find_by_field",
    "metric_info",
    "metric_names",
    "register_model",
]
