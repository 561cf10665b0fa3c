"""FiftyOne operators: a form, a call, an output."""

from .apply_quality_model import ApplyQualityModel
from .compute_full_reference import ComputeFullReference
from .compute_no_reference import ComputeNoReference
from .evaluate_quality import EvaluateQuality
from .explain_quality import ExplainQuality
from .export_quality_report import ExportQualityReport
from .find_quality_issues import FindQualityIssues
from .forget_features import ForgetFeatures
from .load_image_quality_dataset import LoadImageQualityDataset
from .make_synthetic_set import MakeSyntheticSet
from .open_in_quality_app import OpenInQualityApp
from .open_quality_curation import OpenQualityCuration
from .pair_by_content import PairByContent
from .regression_metrics import Krcc, Plcc, Srcc
from .show_worst_images import ShowWorstImages
from .tag_worst_images import TagWorstImages
from .train_quality_model import TrainQualityModel
from .undo_quality_run import UndoQualityRun

OPERATORS = (
    ApplyQualityModel,
    ComputeFullReference,
    ComputeNoReference,
    EvaluateQuality,
    ExplainQuality,
    ExportQualityReport,
    FindQualityIssues,
    LoadImageQualityDataset,
    MakeSyntheticSet,
    OpenInQualityApp,
    OpenQualityCuration,
    PairByContent,
    Srcc,
    Krcc,
    Plcc,
    ShowWorstImages,
    TagWorstImages,
    TrainQualityModel,
    UndoQualityRun,
    ForgetFeatures,
)

__all__ = [
    "OPERATORS",
    "ApplyQualityModel",
    "ComputeFullReference",
    "ComputeNoReference",
    "EvaluateQuality",
    "ExplainQuality",
    "ExportQualityReport",
    "FindQualityIssues",
    "ForgetFeatures",
    "Krcc",
    "LoadImageQualityDataset",
    "MakeSyntheticSet",
    "OpenInQualityApp",
    "OpenQualityCuration",
    "PairByContent",
    "Plcc",
    "ShowWorstImages",
    "Srcc",
    "TagWorstImages",
    "TrainQualityModel",
    "UndoQualityRun",
]
