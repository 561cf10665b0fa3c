"""A view as the table that a report is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fiftyone.core.collections import SampleCollection

from ..errors import UsageError
from ..files import written_whole
from ..report import Scored, from_table, html_of
from ..tables import Table
from .fields import DISTORTION_FIELD, ERROR_SUFFIX, cluster_field, declared_target, score_fields
from .issues import FOUND
from .items import ImageSource
from .runs import METHOD

_IMAGE = "dist"
_FAILED = "error"


def write_report(samples: SampleCollection, out: Path, *, title: str | None = None, top: int = 8) -> int:
    """Write a report on a view's scores, issues, agreement and runs as one HTML file.

    Args:
        samples: dataset or view
        out: the file, which ends in .html
        title: of the report; None for the dataset's name
        top: how many of the worst and the best are shown

    Returns:
        how many images it is on

    Raises:
        UsageError: there are no scores, the view is not of whole images, or the file cannot be written there
        OutputError: the file cannot be written
    """
    if out.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{out}: a report's name ends in .html")
    dataset = samples._root_dataset
    metrics = score_fields(dataset)
    if not metrics:
        raise UsageError(f"{dataset.name} holds no scores yet; compute some first")
    source = ImageSource()
    source.check(samples)
    view = source.scored(samples)
    target = declared_target(dataset)
    content = from_table(
        _table(view, metrics, target.field if target else None),
        [Scored(field, info.title, info.lower_is_better) for field, info in metrics.items()],
        title=title or dataset.name,
        target=target.field if target else None,
        target_lower_is_better=bool(target and target.lower_is_better),
        by=DISTORTION_FIELD if target and dataset.has_field(DISTORTION_FIELD) else None,
        cluster=cluster_field(dataset),
        top=top,
        settings=_runs(dataset),
    )
    with written_whole(out) as unfinished:
        unfinished.write_text(html_of(content), encoding="utf-8")
    return content.images


def _table(view: SampleCollection, metrics: Any, target: str | None) -> Table:
    dataset = view._root_dataset
    wanted = [
        *metrics,
        target,
        DISTORTION_FIELD,
        cluster_field(dataset),
        FOUND,
        *(f"{field}{ERROR_SUFFIX}" for field in metrics),
    ]
    fields = [field for field in dict.fromkeys(wanted) if field and dataset.has_field(field)]
    paths, *values = view.values(["filepath", *fields])
    rows = []
    for place, path in enumerate(paths):
        row = {field: _text(column[place]) for field, column in zip(fields, values, strict=True)}
        reasons = [text for field in metrics if (text := row.pop(f"{field}{ERROR_SUFFIX}", ""))]
        rows.append({_IMAGE: path, **row, _FAILED: "; ".join(dict.fromkeys(reasons))})
    columns = [field for field in fields if not field.endswith(ERROR_SUFFIX)]
    return Table(Path(dataset.name), (_IMAGE, *columns, _FAILED), tuple(rows), folder=Path())


def _text(value: Any) -> str:
    if value is None:
        return ""
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)


def _runs(dataset: Any) -> dict[str, Any]:
    """What each recorded computation was, by its key."""
    return {key: dataset.get_run_info(key).config.serialize() for key in dataset.list_runs(method=METHOD)}
