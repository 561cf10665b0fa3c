"""A batch's results as HTML: progress, a histogram to split them, the table, and the picture of a row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any, Final

import gradio as gr
import numpy as np

from .....plugin.engine.records import Score
from .....plugin.errors import DeepMSEError, without_paths
from .....plugin.images import decode
from .....plugin.metrics import MetricInfo, metric_info
from ... import view
from ...batches import DIST, REF, Result
from ...stopping import LONGEST_S
from ...uploads import MAX_PIXELS
from ...view import embed, number

BINS: Final = 40

#: At first, the worst tenth is rejected.
REJECTED_AT_FIRST: Final = 0.1


def result_html(result: Result, *, finished: bool = False) -> str:
    """The results so far, with a histogram to split them at once they are all there, or have been stopped."""
    return f"""
<section class="dm-batch" aria-label="Results">
  {_summary(result) if finished else view.progress(len(result.scores), result.total, result.seconds)}
  {_split(result) if finished else ""}
  {_table(result)}
  {_footer(result) if finished else ""}
</section>
"""


def _summary(result: Result) -> str:
    failed = result.failed
    scored = len(result.scores) - failed.total()
    stopped = f", stopped after {len(result.scores):,}" if len(result.scores) < result.total else ""
    if stopped and result.seconds > LONGEST_S:
        stopped += f": a batch may take {LONGEST_S // 60} minutes here"
    reasons = "".join(f"<li>{count:,} failed: {escape(reason)}</li>" for reason, count in failed.most_common(5))
    note = f"<li>{escape(result.batch.note)}</li>" if result.batch.note else ""
    return f"""
  <div role="status">
    <p class="dm-summary"><strong>{scored:,} of {result.total:,} pictures scored</strong>{stopped}</p>
    {f"<ul>{reasons}{note}</ul>" if reasons or note else ""}
  </div>
"""


def _footer(result: Result) -> str:
    words = [f"{result.seconds:.1f} s on {result.settings['device_name']}"]
    for name in result.metrics:
        weights = result.settings["metrics"][name].get("weights")
        words += [f"weights: {weights['name']}"] if weights else []
    warnings = "".join(f'<li class="dm-warning">{escape(warning)}</li>' for warning in result.warnings)
    return f"<footer>{f'<ul>{warnings}</ul>' if warnings else ''}<p>{escape(' · '.join(words))}</p></footer>"


def _split(result: Result) -> str:
    values = np.array([value for score in result.scores if (value := result.value(score)) is not None])
    finite = values[np.isfinite(values)]
    if not len(finite):
        return ""
    low, high, step, digits = _ends(float(finite.min()), float(finite.max()))
    lower = result.main.lower_is_better
    share = 1 - REJECTED_AT_FIRST if lower else REJECTED_AT_FIRST
    threshold = round(round((float(np.quantile(finite, share)) - low) / step) * step + low, digits)
    kept = len(result.kept(threshold))
    at = 100 * (threshold - low) / (high - low)
    scale = f"{result.main.title}, {'lower' if lower else 'higher'} is better"
    return f"""
  <div class="dm-split {"dm-lower" if lower else ""}" style="--dm-at: {at:.2f}%">
    <h2>{escape(scale)}</h2>
    <div class="dm-histogram" role="img" aria-label="Histogram of {len(finite):,} scores">
      <i style="clip-path: {_outline(finite, low, high)}"></i><b></b>
    </div>
    <input type="range" aria-label="Threshold" min="{low:.{digits}f}" max="{high:.{digits}f}" step="{step:.{digits}f}"
      value="{threshold:.{digits}f}">
    <div class="dm-ends" aria-hidden="true"><span>{number(low)}</span><span>{number(high)}</span></div>
    <p role="status">{"At most" if lower else "At least"} <output>{threshold:.{digits}f}</output>:
      <strong data-testid="kept">{kept}</strong> kept,
      <strong data-testid="rejected">{len(values) - kept}</strong> rejected{_without(result, len(values))}</p>
  </div>
"""


def _without(result: Result, scored: int) -> str:
    missing = len(result.scores) - scored
    return f", {missing:,} without a score" if missing else ""


def _ends(low: float, high: float) -> tuple[float, float, float, int]:
    """A slider over scores, which ends beyond them, so that all or none are on one side of it.

    Its ends, its step, at most a hundredth of their distance, and how many digits the three need after the point.
    """
    power = math.floor(math.log10((high - low) / 100 or max(abs(high), 1) / 100))
    step = 10.0**power
    return (math.floor(low / step) - 1) * step, (math.ceil(high / step) + 1) * step, step, max(0, -power)


def _outline(values: np.ndarray[Any, Any], low: float, high: float) -> str:
    """The histogram as a shape that is cut out of a coloured box."""
    counts, _ = np.histogram(values, bins=BINS, range=(low, high))
    corners = ["0% 100%"]
    for index, count in enumerate(counts):
        height = f"{100 - 100 * count / counts.max():.1f}%"
        corners += [f"{100 * index / BINS:.2f}% {height}", f"{100 * (index + 1) / BINS:.2f}% {height}"]
    return f"polygon({', '.join((*corners, '100% 100%'))})"


def _table(result: Result) -> str:
    if not result.scores:
        return ""
    metrics = [metric_info(name) for name in result.metrics]
    titles = "".join(
        f'<th scope="col" aria-sort="none"><button type="button">{escape(title)}</button></th>'
        for title in ("Picture", *(metric.title for metric in metrics))
    )
    rows = "".join(_row(result, metrics, score) for score in result.scores)
    return f"""
  <div class="dm-rows" tabindex="0" role="region" aria-label="Scores">
    <table>
      <thead><tr><td></td>{titles}</tr></thead>
      <tbody>{rows}</tbody>
    </table>
  </div>
"""


def _row(result: Result, metrics: Sequence[MetricInfo], score: Score) -> str:
    row = result.batch.table.rows[score.item.key]
    value = result.value(score)
    thumbnail = result.thumbnails.get(score.item.key)
    image = f'<img src="gradio_api/file={escape(str(thumbnail))}" alt="" loading="lazy">' if thumbnail else ""
    beside = f"<small>of {escape(row[REF])}</small>" if score.item.ref else ""
    name = escape(row[DIST]) or "–"
    reason = without_paths(score.error, row[DIST])
    failure = f'<small class="dm-failed">{escape(reason)}</small>' if reason else ""
    split_by = "" if value is None else f' data-score="{value!r}"'
    return (
        f'<tr data-row="{score.item.key}"{split_by}>'
        f"<td>{image}</td>"
        f'<th scope="row" data-value="{name}"><button type="button">{name}</button>{beside}{failure}</th>'
        f"{''.join(_cell(score, metric) for metric in metrics)}</tr>"
    )


def _cell(score: Score, metric: MetricInfo) -> str:
    measured = score.measurements.get(metric.name)
    if measured is None:
        return "<td>–</td>"
    grade = f"<small>{escape(measured.grade)}</small>" if measured.grade else ""
    return f'<td data-value="{measured.value!r}">{number(measured.value)}{grade}</td>'


def picture_html(result: Result | None, event: gr.EventData) -> str:
    """The picture of a row that was chosen, beside its reference, and what was found."""
    index = event._data.get("index") if isinstance(event._data, dict) else None
    if result is None or not isinstance(index, int) or not 0 <= index < len(result.scores):
        return view.message("This picture is no longer here. Score the pictures again.")
    score = result.scores[index]
    row = result.batch.table.rows[index]
    try:
        figures = "".join(
            f'<figure><img src="{embed(decode(path, name=name, max_pixels=MAX_PIXELS).image)}" alt="">'
            f"<figcaption>{escape(name)}</figcaption></figure>"
            for path, name in ((score.item.dist, row[DIST]), (score.item.ref, row.get(REF, "")))
            if path
        )
    except DeepMSEError as error:
        return view.message(str(error))
    notes = "".join(f"<li>{escape(note)}</li>" for note in score.notes)
    scores = "".join(
        f"<div><dt>{escape(info.title)}</dt><dd>{number(score.measurements[info.name].value)}</dd></div>"
        for info in map(metric_info, result.metrics)
        if info.name in score.measurements
    )
    return f"""
<section class="dm-picture" aria-label="Picture">
  {figures}
  <dl>{scores}</dl>
  {f"<ul>{notes}</ul>" if notes else ""}
  {f'<p class="dm-failed">{escape(score.error)}</p>' if score.error else ""}
</section>
"""
