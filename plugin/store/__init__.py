"""The only door to FiftyOne data: views to items, scores to fields, runs."""

from .agreement import QualityTable, evaluate_view, read_table
from .compute import Progress, ScoringJob, Summary, compute_full_reference, compute_no_reference
from .evaluations import (
    SavedEvaluation,
    check_evaluation_name,
    delete_evaluation,
    evaluated_view,
    list_evaluations,
    load_evaluation,
    rename_evaluation,
    save_evaluation,
)
from .families import FAMILIES, Family, family
from .fields import (
    REF_FIELD,
    Target,
    breakdown_fields,
    check_score_fields,
    declare_target,
    declared_target,
    path_fields,
    resolve_target,
    score_fields,
    target_fields,
)
from .items import ImageSource, PairSource, Source, is_grouped
from .loading import check_name, import_dataset
from .models import read_card, trained_models
from .samples import underlying
from .snapshot import Snapshot, take_snapshot
from .tables import has_references, open_samples, sample_table, worst
from .training import TrainingJob, TrainingSummary, check_model_name, count_labels, save_next_view
from .views import build_view, fingerprint, select_group, view_stages

__all__ = [
    "FAMILIES",
    "REF_FIELD",
    "Family",
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
    "check_evaluation_name",
    "check_model_name",
    "check_name",
    "check_score_fields",
    "compute_full_reference",
    "compute_no_reference",
    "count_labels",
    "declare_target",
    "declared_target",
    "delete_evaluation",
    "evaluate_view",
    "evaluated_view",
    "family",
    "fingerprint",
    "has_references",
    "import_dataset",
    "is_grouped",
    "list_evaluations",
    "load_evaluation",
    "open_samples",
    "path_fields",
    "read_card",
    "read_table",
    "rename_evaluation",
    "resolve_target",
    "sample_table",
    "save_evaluation",
    "save_next_view",
    "score_fields",
    "select_group",
    "take_snapshot",
    "target_fields",
    "trained_models",
    "underlying",
    "view_stages",
    "worst",
]
