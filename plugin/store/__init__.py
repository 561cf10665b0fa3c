"""The only door to FiftyOne data: views to items, scores to fields, runs."""

from .agreement import QualityTable, evaluate_view, read_table
from .compute import FullReferenceJob, Progress, Summary, compute_full_reference
from .fields import (
    Target,
    breakdown_fields,
    declare_target,
    declared_target,
    path_fields,
    resolve_target,
    score_fields,
    target_fields,
)
from .items import PairSource, is_grouped
from .loading import check_name, import_dataset
from .views import build_view, fingerprint, select_group, view_stages

__all__ = [
    "FullReferenceJob",
    "PairSource",
    "Progress",
    "QualityTable",
    "Summary",
    "Target",
    "breakdown_fields",
    "build_view",
    "check_name",
    "compute_full_reference",
    "declare_target",
    "declared_target",
    "evaluate_view",
    "fingerprint",
    "import_dataset",
    "is_grouped",
    "path_fields",
    "read_table",
    "resolve_target",
    "score_fields",
    "select_group",
    "target_fields",
    "view_stages",
]
