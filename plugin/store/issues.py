"""What is wrong with a view's images, into described fields, recorded as a FiftyOne run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import fiftyone as fo
from fiftyone import ViewField as F
from fiftyone.core.collections import SampleCollection

from ..errors import ImageError, UsageError, without_paths
from ..issues import ISSUES, MEASURES, PREFIX, UNREADABLE, thresholds_with
from ..vocabulary import SOURCE
from .compute import Progress, ScoringJob
from .examined import Examined
from .places import Places, WholeImages, places
from .presentation import to_sidebar
from .runs import Outcome, Run

if TYPE_CHECKING:
    from ..engine.examining import Examination
    from ..engine.issue_tables import Count

FOUND: Final = f"{PREFIX}issues"
DUPLICATE_OF: Final = f"{PREFIX}duplicate_of"
ERROR: Final = f"{PREFIX}error"

#: Subjects between two reports of progress.
_STEP: Final = 100


class IssuesJob:
    """Looks at the images of a view, and writes measures and issues to their fields.

    Iterating does the work. Images are judged as one set: what is odd or doubled is so beside the others of the view.
    What a stopped look has measured is kept until the next one of the dataset; with metrics, the scores alone.

    Args:
        samples: dataset or view: images, groups with images, patches, or videos
        slice_name: of a grouped dataset, the slice to read; None reads all images
        patches: a field of detections to look at in place of whole images
        rate: of videos, frames a second
        metrics: no-reference metrics to score with along the way, each image being decoded once; whole images only
        thresholds: where each issue begins; None for the stated ones
        device: where to score

    Raises:
        UsageError: the view, the fields or the settings are wrong
        WeightsError: a metric's weights cannot be had
    """

    def __init__(
        self,
        samples: SampleCollection,
        *,
        slice_name: str | None = None,
        patches: str | None = None,
        rate: float = 1.0,
        metrics: Sequence[str] = (),
        thresholds: Mapping[str, float] | None = None,
        device: str = "auto",
    ) -> None:
        from ..engine.examining import Examiner

        self._samples = samples
        self._dataset: fo.Dataset = samples._root_dataset
        self._thresholds = thresholds_with((thresholds or {}).items())
        self._places = places(samples, slice_name=slice_name, patches=patches, rate=rate)
        _check_fields(self._dataset, self._places)
        self._examiner = Examiner()
        self._scoring: ScoringJob | None = None
        self._counts: list[Count] | None = None
        if metrics:
            if not isinstance(self._places, WholeImages):
                raise UsageError("scores are of whole images; look at patches and frames without metrics")
            from ..engine.scorer import Scorer
            from .items import ImageSource

            scorer = Scorer(metrics, device=device, watch=self._examiner.watch)
            self._scoring = ScoringJob(samples, metrics, source=ImageSource(slice_name), scorer=scorer)

    @property
    def unit(self) -> str:
        """What is looked at: "images", "patches" or "frames"."""
        return self._places.unit

    @property
    def counts(self) -> list[Count]:
        """How many images have which issue; there are some once the iteration has ended."""
        if self._counts is None:
            raise RuntimeError("the work has not ended")
        return self._counts

    def __iter__(self) -> Iterator[Progress]:
        """Do the work."""
        from ..engine.issue_tables import counts, judged

        subjects = self._places.subjects()
        unit = self._places.unit
        examinations: list[Examination] = []

        def outcome() -> Outcome:
            failed = [each for each in examinations if isinstance(each.measured, ImageError)]
            return Outcome({"examined": len(examinations), UNREADABLE: len(failed)})

        settings = {"thresholds": [{"issue": name, "at": at} for name, at in self._thresholds.items()], "of": unit}
        with Run(self._samples, FOUND, settings, outcome), Examined(str(self._dataset._doc.id)) as examined:
            yield Progress(0, len(subjects), 0, unit)
            if self._scoring is not None:
                yield from self._scoring
                examinations += map(self._examiner.of, subjects)
            else:
                for done, examination in enumerate(examined.examine(subjects), 1):
                    examinations.append(examination)
                    if done % _STEP == 0:
                        yield Progress(done, len(subjects), 0, unit)
            judgements = judged(examinations, self._thresholds)
            self._write(examinations, judgements)
        self._counts = counts(judgements, self._thresholds)
        yield Progress(len(subjects), len(subjects), 0, unit)

    def _write(self, examinations: Sequence[Examination], judgements: Sequence[Any]) -> None:
        known = set(self._dataset.get_field_schema())
        for name, (field, description, options) in _fields(self._thresholds).items():
            self._places.declare(name, field, description, **options)
        keys = [each.subject.key for each in examinations]

        def write(name: str, values: Sequence[Any]) -> None:
            self._places.write(name, dict(zip(keys, values, strict=True)))

        for name, measure in MEASURES.items():
            write(measure.field, [each.values.get(name) for each in judgements])
        for name in (*ISSUES, UNREADABLE):
            write(_flag(name), [name in each.issues for each in judgements])
        write(FOUND, [list(each.issues) for each in judgements])
        whole = isinstance(self._places, WholeImages)
        names = [str(each.subject.path) if whole else each.subject.key for each in examinations]
        for name, others in (
            (DUPLICATE_OF, [each.duplicate_of for each in judgements]),
            (SOURCE, [each.source for each in judgements]),
        ):
            write(name, [None if place is None else names[place] for place in others])
        write(ERROR, [_reason(each) for each in examinations])
        if whole:
            self._present(known)

    def _present(self, known: set[str]) -> None:
        """Let the App sort by the measures, and offer a view of each issue that any image has."""
        shown = [FOUND, *(name for name in _fields(self._thresholds) if name != FOUND)]
        to_sidebar(self._dataset, [name for name in shown if name not in known], new=True)
        for measure in MEASURES.values():
            self._dataset.create_index(measure.field)
        for name, issue in ISSUES.items():
            view = self._dataset.match(F(issue.field) == True)  # noqa: E712
            title = f"issue: {name}"
            if view:
                by = view.sort_by(MEASURES[issue.measure].field, reverse=issue.side == "above")
                self._dataset.save_view(title, by, description=issue.description, overwrite=True)
            elif self._dataset.has_saved_view(title):
                self._dataset.delete_saved_view(title)


def _flag(name: str) -> str:
    return ISSUES[name].field if name in ISSUES else f"{PREFIX}{name}"


def _reason(examination: Examination) -> str | None:
    error = examination.measured
    return without_paths(str(error), examination.subject.path) if isinstance(error, ImageError) else None


def _fields(thresholds: Mapping[str, float]) -> dict[str, tuple[type[fo.Field], str, dict[str, Any]]]:
    """Type, description and settings of every field."""
    from ..engine.issue_tables import rule

    fields: dict[str, tuple[type[fo.Field], str, dict[str, Any]]] = {
        measure.field: (fo.FloatField, f"{measure.description} ({measure.unit or 'no unit'})", {})
        for measure in MEASURES.values()
    }
    for name, issue in ISSUES.items():
        fields[issue.field] = (fo.BooleanField, f"{issue.description}: {rule(name, thresholds)}", {})
    fields[_flag(UNREADABLE)] = (fo.BooleanField, "Is no image, or a damaged one", {})
    fields[FOUND] = (fo.ListField, "Names of all issues", {"subfield": fo.StringField})
    fields[DUPLICATE_OF] = (fo.StringField, "The earlier image of which it is a duplicate", {})
    fields[SOURCE] = (fo.StringField, "The first image that shows the same picture, maybe this one", {})
    fields[ERROR] = (fo.StringField, "Why it cannot be read", {})
    return fields


def _check_fields(dataset: fo.Dataset, where: Places) -> None:
    """UsageError where a field of a name is there and holds something else."""
    for name, (kind, _, _) in _fields(thresholds_with(())).items():
        path = where.path(name)
        field = dataset.get_field(path)
        if field is not None and (not isinstance(field, kind) or field.read_only):
            problem = "is read-only" if field.read_only else f"is a {type(field).__name__}, not a {kind.__name__}"
            raise UsageError(f"{dataset.name}: the field {path!r} {problem}; rename or delete it")
