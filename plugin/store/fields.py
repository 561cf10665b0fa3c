"""What the fields of an image-quality dataset are called, how they are declared, and which way they point."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from dataclasses import field as dataclass_field
from typing import Any, Final

import fiftyone as fo

from ..errors import UsageError
from ..metrics import MetricInfo, find_by_field, metric_info, metric_names
from ..vocabulary import SOURCE, direction_in_words, lower_by_name, title_of

REF_FIELD: Final = "ref_path"
DISTORTION_FIELD: Final = "distortion"
LEVEL_FIELD: Final = "level"
CATEGORY_FIELD: Final = "category"
SPLIT_FIELD: Final = "split"
INFO_KEY: Final = "image_quality"
"""Key of ``dataset.info`` that says which field is the target, its direction, range and source."""

SCORES_KEY: Final = "image_quality_scores"
"""Key of ``dataset.info`` that says what the fields of trained models' scores are, by field."""

ERROR_SUFFIX: Final = "_error"
GRADE_SUFFIX: Final = "_grade"
STD_SUFFIX: Final = "_std"
DOMAIN_SUFFIX: Final = "_domain"
LEARNT_SUFFIX: Final = "_learnt"
_BOOKKEEPING: Final = {"id", "filepath", "created_at", "last_modified_at", "tags", "metadata", REF_FIELD}


@dataclass(frozen=True)
class ScoreFields:
    """Names of the fields that one metric writes."""

    score: str
    stages: str
    map: str
    std: str
    grade: str
    domain: str
    error: str
    learnt: str

    @classmethod
    def of(cls, metric: MetricInfo) -> ScoreFields:
        """The fields of ``metric``."""
        return cls.named(metric.field)

    @classmethod
    def named(cls, name: str) -> ScoreFields:
        """The fields that go with that of the scores."""
        return cls(
            score=name,
            stages=f"{name}_stages",
            map=f"{name}_map",
            std=f"{name}{STD_SUFFIX}",
            grade=f"{name}{GRADE_SUFFIX}",
            domain=f"{name}{DOMAIN_SUFFIX}",
            error=f"{name}{ERROR_SUFFIX}",
            learnt=f"{name}{LEARNT_SUFFIX}",
        )


@dataclass(frozen=True)
class Target:
    """What the metrics are compared with.

    Args:
        field: name of the field
        lower_is_better: its direction, e.g. True for DMOS
        range: smallest and largest possible value, where known
        kind: of target, e.g. "MOS", "DMOS" or "severity"
        source: where it comes from
        notes: what a reader of the numbers should know
    """

    field: str
    lower_is_better: bool = False
    range: tuple[float, float] | None = None
    kind: str = ""
    source: str = ""
    notes: tuple[str, ...] = ()

    @property
    def std_field(self) -> str:
        """Name of the field with the opinions' standard deviation."""
        return f"{self.field}{STD_SUFFIX}"

    @property
    def title(self) -> str:
        """What to call it in print."""
        return title_of(self.field, self.kind)

    @property
    def direction(self) -> str:
        """The direction in words."""
        return direction_in_words(self.lower_is_better)


def check_score_fields(dataset: fo.Dataset, metric: MetricInfo, *, error_maps: bool = False) -> None:
    """Check that the scores of ``metric`` can be written, before anything is.

    Raises:
        UsageError: a field that it writes holds something else, is read-only, or is what metrics are compared with
    """
    names = ScoreFields.of(metric)
    target = declared_target(dataset)
    opinions = {target.field, target.std_field} if target else set()
    is_ours = find_by_field(names.score) is not None or names.score in (dataset.info.get(SCORES_KEY) or {})
    for name, wanted in _declarations(metric, error_maps=error_maps).items():
        field = dataset.get_field(name)
        if field is None:
            continue
        if name in opinions:
            problem = "holds the opinions that metrics are compared with"
        elif not is_ours:
            problem = f"is there already and holds no scores of {metric.title}"
        elif not wanted.is_kind_of(field):
            problem = f"is a {type(field).__name__}, not the {wanted.type.__name__} that {metric.title} writes"
        elif field.read_only:
            problem = "is read-only"
        else:
            continue
        raise UsageError(f"{dataset.name}: the field {name!r} {problem}; rename or delete it, or {_way_out(metric)}")


def _way_out(metric: MetricInfo) -> str:
    if find_by_field(metric.field) is None:
        return "choose another name for the model"
    return "choose another metric"


def declare_score_fields(dataset: fo.Dataset, metric: MetricInfo, *, error_maps: bool) -> ScoreFields:
    """Add the fields that ``metric`` writes, described, but for that of reasons; those that exist stay.

    Args:
        dataset: the dataset
        metric: the metric
        error_maps: whether to add the field of error maps

    Raises:
        UsageError: as :func:`check_score_fields`, before anything is added
    """
    check_score_fields(dataset, metric, error_maps=error_maps)
    names = ScoreFields.of(metric)
    for name, field in _declarations(metric, error_maps=error_maps).items():
        if name != names.error:
            dataset.add_sample_field(name, field.type, description=field.description, **field.settings)
    if find_by_field(names.score) is None:
        declared = dict(dataset.info.get(SCORES_KEY) or {})
        declared[names.score] = {
            "title": metric.title,
            "kind": metric.kind,
            "lower_is_better": metric.lower_is_better,
        }
        dataset.info[SCORES_KEY] = declared
        dataset.save()
    return names


def declare_error_field(dataset: fo.Dataset, metric: MetricInfo) -> str:
    """Add the field for the reasons why ``metric`` gives no score, and name it."""
    name = ScoreFields.of(metric).error
    field = _declarations(metric, error_maps=False)[name]
    dataset.add_sample_field(name, field.type, description=field.description)
    return name


@dataclass(frozen=True)
class _Declaration:
    """How a field is declared."""

    type: type[fo.Field]
    description: str
    settings: dict[str, Any] = dataclass_field(default_factory=dict)

    def is_kind_of(self, field: fo.Field) -> bool:
        """Whether ``field`` holds the same."""
        if type(field) is not self.type:
            return False
        if isinstance(field, fo.EmbeddedDocumentField):
            return bool(field.document_type is self.settings["embedded_doc_type"])
        return not isinstance(field, fo.ListField) or type(field.field) in (self.settings["subfield"], type(None))


def _declarations(metric: MetricInfo, *, error_maps: bool) -> dict[str, _Declaration]:
    """The fields that ``metric`` writes, by name."""
    names, title = ScoreFields.of(metric), metric.title
    direction = direction_in_words(metric.lower_is_better)
    fields = {
        names.score: _Declaration(fo.FloatField, f"{title} ({direction})"),
        names.error: _Declaration(fo.StringField, f"Why there is no {title} score"),
    }
    if metric.has_deviation:
        fields[names.std] = _Declaration(fo.FloatField, f"Standard deviation of the error of the {title} score")
    if metric.grades:
        words = ", ".join(metric.grades)
        fields[names.grade] = _Declaration(fo.StringField, f"{title} in a word, from the worst: {words}")
    if metric.has_domain:
        kinds = "in: among those that it learnt from; near: at their edge; out: beyond it"
        fields[names.domain] = _Declaration(fo.StringField, f"What kind of picture it is for {title}. {kinds}")
    if metric.stages:
        fields[names.stages] = _Declaration(
            fo.ListField, f"{title} of each stage: {', '.join(metric.stages)}", {"subfield": fo.FloatField}
        )
    if error_maps:
        fields[names.map] = _Declaration(
            fo.EmbeddedDocumentField,
            f"Where {title} sees a difference, on one scale for all images",
            {"embedded_doc_type": fo.Heatmap},
        )
    return fields


def has_error_maps(dataset: fo.Dataset, metric: MetricInfo) -> bool:
    """Whether ``metric`` has error maps and the dataset a field for them, and not something else of its name."""
    name = ScoreFields.of(metric).map
    field = dataset.get_field(name) if metric.has_error_map else None
    return field is not None and _declarations(metric, error_maps=True)[name].is_kind_of(field)


def written_by_metrics() -> dict[str, str]:
    """Names of the fields that the known metrics write, and the metric of each."""
    infos = [metric_info(name) for name in metric_names()]
    return {field: info.name for info in infos for field in asdict(ScoreFields.of(info)).values()}


def cluster_field(dataset: fo.Dataset) -> str | None:
    """The field whose values say which images show the same picture; None where none does."""
    return next((name for name in (REF_FIELD, SOURCE) if dataset.has_field(name)), None)


def declare_target(dataset: fo.Dataset, target: Target) -> None:
    """Record in ``dataset.info`` what the metrics are to be compared with."""
    dataset.info[INFO_KEY] = {
        **(dataset.info.get(INFO_KEY) or {}),
        "target": target.field,
        "lower_is_better": target.lower_is_better,
        "range": target.range and list(target.range),
        "kind": target.kind,
        "source": target.source,
        "notes": list(target.notes),
    }
    dataset.save()


def declared_target(dataset: fo.Dataset) -> Target | None:
    """The target that the dataset declares, if any."""
    info = dataset.info.get(INFO_KEY)
    if not isinstance(info, Mapping) or not dataset.has_field(str(info.get("target"))):
        return None
    bounds = info.get("range")
    return Target(
        field=info["target"],
        lower_is_better=bool(info.get("lower_is_better")),
        range=(bounds[0], bounds[1]) if bounds else None,
        kind=info.get("kind") or "",
        source=info.get("source") or "",
        notes=tuple(info.get("notes") or ()),
    )


def resolve_target(dataset: fo.Dataset, field: str | None = None, lower_is_better: bool | None = None) -> Target:
    """The target to compare with: the declared one unless another field or direction is asked for.

    The name of a field that the dataset does not declare tells its direction, where it is a known one such as dmos.

    Raises:
        UsageError: the dataset declares no target and none is asked for, or the field is not a numeric one
    """
    declared = declared_target(dataset)
    field = field or (declared.field if declared else None)
    if field is None:
        raise UsageError(f"{dataset.name} declares no target; name the field that holds the opinion scores")
    if field not in target_fields(dataset):
        raise UsageError(f"{dataset.name} has no numeric field {field!r} to compare with")
    target = declared if declared and declared.field == field else Target(field, lower_by_name(field))
    if lower_is_better is None or lower_is_better == target.lower_is_better:
        return target
    return replace(target, lower_is_better=lower_is_better)


def score_fields(dataset: fo.Dataset) -> dict[str, MetricInfo]:
    """Fields that hold the scores of a known metric, or of a trained model."""
    declared = dataset.info.get(SCORES_KEY) or {}
    found = {
        name: _trained(name, declared[name]) if name in declared else find_by_field(name)
        for name in _fields(dataset, (fo.FloatField,))
    }
    return {name: metric for name, metric in found.items() if metric is not None}


def _trained(field: str, declared: Mapping[str, Any]) -> MetricInfo:
    return MetricInfo(
        name=field,
        title=declared["title"],
        kind=declared["kind"],
        lower_is_better=declared["lower_is_better"],
        range=(-math.inf, math.inf),
        citation="",
        factory="",
    )


def target_fields(dataset: fo.Dataset) -> list[str]:
    """Numeric fields that metrics can be compared with, the declared one first."""
    scores = score_fields(dataset)
    derived = {ScoreFields.of(metric).std for metric in scores.values()}
    names = [name for name in _fields(dataset, (fo.FloatField, fo.IntField)) if name not in {*scores, *derived}]
    declared = declared_target(dataset)
    return sorted(names, key=lambda name: (declared is None or name != declared.field, name))


def breakdown_fields(dataset: fo.Dataset) -> list[str]:
    """Fields by which a comparison can be broken down, the type of distortion first."""
    names = _fields(dataset, (fo.StringField, fo.IntField, fo.BooleanField))
    names = [name for name in names if not name.endswith(ERROR_SUFFIX)]
    return sorted(names, key=lambda name: (name != DISTORTION_FIELD, name))


def path_fields(dataset: fo.Dataset) -> list[str]:
    """Text fields that may hold the references' paths, ``ref_path`` first."""
    names = [name for name in dataset.get_field_schema(ftype=fo.StringField) if name != "filepath"]
    names = [name for name in names if not name.endswith(ERROR_SUFFIX)]
    return sorted(names, key=lambda name: (name != REF_FIELD, name))


def _fields(dataset: fo.Dataset, types: tuple[type[Any], ...]) -> list[str]:
    schema = dataset.get_field_schema(ftype=list(types))
    return [name for name in schema if name not in _BOOKKEEPING]
