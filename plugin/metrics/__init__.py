"""The metrics: what each is called, which way it points, and how to make one.

This module imports no torch: names, directions and citations are needed where nothing is computed.
"""

from __future__ import annotations

from .registry import MetricInfo, create, find_by_field, metric_info, metric_names

__all__ = ["MetricInfo", "create", "find_by_field", "metric_info", "metric_names"]
