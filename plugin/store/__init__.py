"""The only door to FiftyOne data: views to items, scores to fields, runs."""

from .acts import REVIEWS, Acts
from .agreement import QualityTable, evaluate_view, read_table
from .causes import CausesJob
from .compute import Progress, ScoringJob, compute_full_reference, compute_no_reference, scoring_time
from .conditions import AND, AT_LEAST, AT_MOST, ONE_OF, OR, Condition, criterion, in_words, is_meeting, meeting
from .distributions import (
    Distribution,
    boolean_fields,
    count,
    distribution,
    extremes_of,
    images_of,
    shares_below,
    value_at,
    value_counts,
)
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
from .issues import IssuesJob
from .items import ImageSource, PairSource, Source, is_grouped
from .labels import count_labels
from .loading import check_name, import_dataset
from .models import read_card, trained_models
from .pairing import REVIEW, ReferencesJob
from .pairs import Neighbour, Pair, Standing, pair_of
from .places import box_fields
from .presentation import sidebar_groups
from .report import write_report
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
    "AND",
    "AT_LEAST",
    "AT_MOST",
    "FAMILIES",
    "ONE_OF",
    "OR",
    "REF_FIELD",
    "REVIEW",
    "REVIEWS",
    "Acts",
    "CausesJob",
    "Condition",
    "Distribution",
    "Family",
    "ImageSource",
    "IssuesJob",
    "Leftovers",
    "Neighbour",
    "Pair",
    "PairSource",
    "Progress",
    "QualityTable",
    "ReferencesJob",
    "SavedEvaluation",
    "ScoringJob",
    "Snapshot",
    "Source",
    "Standing",
    "Summary",
    "Target",
    "TrainingJob",
    "TrainingSummary",
    "boolean_fields",
    "box_fields",
    "breakdown_fields",
    "build_view",
    "check_evaluation_name",
    "check_model_name",
    "check_name",
    "check_numbers",
    "check_score_fields",
    "compute_full_reference",
    "compute_no_reference",
    "count",
    "count_labels",
    "count_words",
    "criterion",
    "declare_target",
    "declared_target",
    "delete_evaluation",
    "distribution",
    "evaluate_view",
    "evaluated_view",
    "extremes_of",
    "family",
    "fingerprint",
    "has_references",
    "images_of",
    "import_dataset",
    "in_words",
    "is_grouped",
    "is_meeting",
    "leftovers",
    "list_evaluations",
    "load_evaluation",
    "meeting",
    "open_samples",
    "pair_of",
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
    "shares_below",
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
    "value_at",
    "value_counts",
    "view_stages",
    "word_sources",
    "worst",
    "worst_choices",
    "worst_first",
    "worst_images",
    "write_labels",
    "write_report",
]
