"""The only door to FiftyOne data: views to items, scores to fields, runs."""

from .agreement import QualityTable, evaluate_view, read_table
from .compute import Progress, ScoringJob, compute_full_reference, compute_no_reference, scoring_time
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
from .labels import count_labels
from .loading import check_name, import_dataset
from .models import read_card, trained_models
from .presentation import sidebar_groups
from .reuse import scored_alike
from .samples import underlying
from .sink import Summary
from .snapshot import Snapshot, take_snapshot
from .tables import has_references, open_samples, sample_table, worst
from .training import TrainingJob, TrainingSummary, check_model_name, save_next_view, training_time
from .undo import Leftovers, leftovers, undo, undoable_runs
from .views import build_view, fingerprint, select_group, view_stages
from .words import check_numbers, count_words, usual_numbers, word_sources, write_labels
from .worst import spread, worst_choices, worst_first, worst_images

__all__ = [
    "FAMILIES",
    "REF_FIELD",
    "Family",
    "ImageSource",
    "Leftovers",
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
    "check_numbers",
    "check_score_fields",
    "compute_full_reference",
    "compute_no_reference",
    "count_labels",
    "count_words",
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
    "leftovers",
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
    "scored_alike",
    "scoring_time",
    "select_group",
    "sidebar_groups",
    "spread",
    "take_snapshot",
    "target_fields",
    "trained_models",
    "training_time",
    "underlying",
    "undo",
    "undoable_runs",
    "usual_numbers",
    "view_stages",
    "word_sources",
    "worst",
    "worst_choices",
    "worst_first",
    "worst_images",
    "write_labels",
]
