"""The only door to FiftyOne data: views to items, scores to fields, runs."""

from .agreement import QualityTable, evaluate_view, read_table
from .compute import Progress, ScoringJob, Summary, compute_full_reference, compute_no_reference
from .evaluations import (
    SavedEvaluation,
    delete_evaluation,
    evaluated_view,
    list_evaluations,
    load_evaluation,
    rename_evaluation,
    save_evaluation,
)
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
from .items import ImageSource, PairSource, Source, is_grouped, whole
from .loading import check_name, import_dataset
from .snapshot import Snapshot, take_snapshot
from .training import TrainingJob, TrainingSummary, check_model_name, save_uncertain_view
from .views import build_view, fingerprint, select_group, view_stages

__all__ = [
    "ImageSource",
    "PairSource",
    "Progress",
    "QualityTable",
    "SavedEvaluation",
    "ScoringJob",
    "Snapshot",
    "Source",
    "Summary",
    "Target",
    "TrainingJob",
    "TrainingSummary",
    "breakdown_fields",
    "build_view",
    "check_model_name",
    "check_name",
    "compute_full_reference",
    "compute_no_reference",
    "declare_target",
    "declared_target",
    "delete_evaluation",
    "evaluate_view",
    "evaluated_view",
    "fingerprint",
    "import_dataset",
    "is_grouped",
    "list_evaluations",
    "load_evaluation",
    "path_fields",
    "read_table",
    "rename_evaluation",
    "resolve_target",
    "save_evaluation",
    "save_uncertain_view",
    "score_fields",
    "select_group",
    "take_snapshot",
    "target_fields",
    "view_stages",
    "whole",
]
