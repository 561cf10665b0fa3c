"""A report as one HTML file: pictures and drawings are in it, and it asks nothing of any network."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from itertools import groupby
from typing import Any, Final

from PIL import Image

from ..errors import ImageError
from ..evaluation.report import Row
from ..images import decode
from .content import Content, Distribution, Shown
from .drawings import bars, histogram, intervals
from .style import STYLE

#: Pictures are reduced until neither side is longer.
_PICTURE: Final = 360

_POLICY: Final = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def html_of(content: Content) -> str:
    """The file's text."""
    sections = (
        _tiles(content),
        _distributions(content),
        _pictures("Worst", content.worst, content),
        _pictures("Best", content.best, content),
        _issues(content),
        _agreement(content),
        _failures(content),
        _settings(content),
    )
    body = "".join(part for section in sections for part in section)
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(content.title)}</title><style>{STYLE}</style></head><body><main>"
        f"<header><h1>{escape(content.title)}</h1><p>Image quality report, made {made}</p></header>"
        f"{body}</main></body></html>\n"
    )


def _tiles(content: Content) -> Iterator[str]:
    first = content.distributions[0]
    tiles = [
        (f"{content.images:,}", "images"),
        (f"{len(first.values):,}", f"scored by {first.metric.title}"),
        (f"{sum(count for _, count in content.failures):,}", "not scored"),
    ]
    if content.looked_for_issues:
        tiles.append((f"{sum(count for _, count in content.issues):,}", "issues found"))
    cells = "".join(f"<div><b>{escape(number)}</b><span>{escape(words)}</span></div>" for number, words in tiles)
    yield f'<section class="tiles">{cells}</section>'


def _distributions(content: Content) -> Iterator[str]:
    yield "<section><h2>How the scores spread</h2>"
    for each in content.distributions:
        yield f"<figure><figcaption>{_caption(each)}</figcaption>"
        yield histogram(each.values, f"Histogram of {each.metric.title}")
        yield "</figure>"
    yield "</section>"


def _caption(each: Distribution) -> str:
    direction = "lower is better" if each.metric.lower_is_better else "higher is better"
    missing = f", {each.missing:,} without a score" if each.missing else ""
    return f"<b>{escape(each.metric.title)}</b> ({direction}): {len(each.values):,} images{missing}"


def _pictures(title: str, shown: Sequence[Shown], content: Content) -> Iterator[str]:
    if not shown:
        return
    yield f"<section><h2>{title} by {escape(content.distributions[0].metric.title)}</h2><div class='pictures'>"
    for each in shown:
        issues = f"<em>{escape(each.issues)}</em>" if each.issues else ""
        yield f"<figure>{_picture(each)}<figcaption><b>{each.score:.4g}</b> {escape(each.path.name)}{issues}"
        yield "</figcaption></figure>"
    yield "</div></section>"


def _picture(each: Shown) -> str:
    try:
        image = decode(each.path).image
    except ImageError as error:
        return f'<div class="none">{escape(error.reason)}</div>'
    image.thumbnail((_PICTURE, _PICTURE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    width, height = image.size
    return (
        f'<img src="data:image/jpeg;base64,{data}" width="{width}" height="{height}" alt="{escape(each.path.name)}">'
    )


def _issues(content: Content) -> Iterator[str]:
    if not content.looked_for_issues:
        return
    yield "<section><h2>Issues</h2>"
    if content.issues:
        yield f"<figure>{bars(content.issues, content.images, 'Images with each issue')}</figure>"
    else:
        yield "<p>No image has any.</p>"
    yield "</section>"


def _agreement(content: Content) -> Iterator[str]:
    if not content.agreement:
        return
    yield f"<section><h2>Agreement with {escape(str(content.target))}</h2>"
    yield "<p>Rank correlation (SRCC), and Pearson's (PLCC) and the error (RMSE) after a logistic fit; with 95 % "
    yield "intervals from a bootstrap. Positive means that score and opinion agree.</p>"
    whole = [row for row in content.agreement if row.group == "all"]
    yield "<table><tr><th>metric<th>n<th>SRCC<th>PLCC<th>RMSE</tr>"
    for row in whole:
        cells = "".join(f"<td>{_statistic(row, name)}" for name in ("srcc", "plcc", "rmse"))
        yield f"<tr><td>{escape(row.metric)}<td>{row.n:,}{cells}</tr>"
    yield "</table>"
    for metric, rows in groupby(
        (row for row in content.agreement if row.group != "all" and row.n), lambda row: row.metric
    ):
        yield f"<figure><figcaption><b>{escape(metric)}</b>: SRCC within each group</figcaption>"
        yield intervals(list(rows), f"SRCC of {metric} within each group")
        yield "</figure>"
    if content.left_out:
        yield f"<p>{content.left_out:,} smaller groups are left out.</p>"
    yield "</section>"


def _statistic(row: Row, name: str) -> str:
    value = getattr(row, name)
    if value is None:
        return "–"
    interval = row.intervals.get(name)
    return f"{value:.3f}" + (f" <small>{interval[0]:.3f} to {interval[1]:.3f}</small>" if interval else "")


def _failures(content: Content) -> Iterator[str]:
    if not content.failures:
        return
    yield "<section><h2>Not scored</h2><table><tr><th>reason<th>images</tr>"
    for reason, count in content.failures:
        yield f"<tr><td>{escape(reason)}<td>{count:,}</tr>"
    yield "</table></section>"


def _settings(content: Content) -> Iterator[str]:
    if not content.settings:
        return
    yield "<section><h2>How it was computed</h2>"
    for heading, value in content.settings.items():
        text = value if isinstance(value, str) else json.dumps(_plain(value), indent=2, ensure_ascii=False)
        yield f"<details open><summary>{escape(heading)}</summary><pre>{escape(text)}</pre></details>"
    yield "</section>"


def _plain(value: Any) -> Any:
    """What JSON can hold; anything else as text."""
    return json.loads(json.dumps(value, default=str))
