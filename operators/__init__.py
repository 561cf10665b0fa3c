"""FiftyOne operators: a form, a call, an output."""

from .apply_quality_model import ApplyQualityModel
from .compute_full_reference import ComputeFullReference
from .compute_no_reference import ComputeNoReference
from .evaluate_quality import EvaluateQuality
from .load_image_quality_dataset import LoadImageQualityDataset
from .make_synthetic_set import MakeSyntheticSet
from .regression_metrics import Krcc, Plcc, Srcc
from .train_quality_model import TrainQualityModel

OPERATORS = (
    ApplyQualityModel,
    ComputeFullReference,
    ComputeNoReference,
    EvaluateQuality,
    LoadImageQualityDataset,
    MakeSyntheticSet,
    Srcc,
    Krcc,
    Plcc,
    TrainQualityModel,
)

__all__ = [
    "OPERATORS",
    "ApplyQualityModel",
    "ComputeFullReference",
    "ComputeNoReference",
    "EvaluateQuality",
    "Krcc",
    "LoadImageQualityDataset",
    "MakeSyntheticSet",
    "Plcc",
    "Srcc",
    "TrainQualityModel",
]
