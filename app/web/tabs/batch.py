"""Score many pictures: files, a zip archive or a table of pairs; sort them, split them, take the good ones home."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, Final

import gradio as gr
import numpy as np

from ....plugin.engine.records import Score
from ....plugin.errors import DeepMSEError, without_paths
from ....plugin.images import decode
from ....plugin.metrics import MetricInfo, metric_info
from .. import view
from ..batches import DIST, REF, BatchScorer, Result, gather, write_kept_pictures, write_scores
from ..stopping import Stopping
from ..uploads import MAX_PIXELS, Upload
from ..view import embed, number
from .base import Setup, Tab

INTRODUCTION: Final = """
<p class="dm-intro">Many pictures, a zip archive of them, or pairs with a CSV file that names them in the columns
<code>dist</code> and <code>ref</code>: score them all, and keep the good ones.</p>
"""

NOTHING_CHOSEN: Final = '<p class="dm-nothing">Choose a row: its picture comes here.</p>'

#: A batch does not keep visitors with one picture waiting: it has a place of its own in the queue.
ONE_BATCH_AT_A_TIME: Final[dict[str, Any]] = {"concurrency_limit": 1, "concurrency_id": "batches"}

UPDATE_S: Final = 1.0
"""Seconds between two updates of the page."""

THUMBNAIL_SIDE: Final = 96
BINS: Final = 40
FORGET_S: Final = 3600

#: At first, the worst tenth is rejected.
REJECTED_AT_FIRST: Final = 0.1

Write = Callable[[Result, float, Path], None]

#: Name and writer of each file that visitors take home, by the title of its button.
DOWNLOADS: Final[dict[str, tuple[str, Write]]] = {
    "All scores (CSV)": ("scores.csv", lambda result, _, path: write_scores(result, path)),
    "Kept (CSV)": ("kept.csv", lambda result, threshold, path: write_scores(result.only_kept(threshold), path)),
    "Kept pictures (zip)": ("kept.zip", lambda result, threshold, path: write_kept_pictures(result, threshold, path)),
}

Update = tuple[Any, Any, Any]
"""Data for API clients, HTML, and the result so far."""


class BatchAnswer:
    """Scores uploaded batches.

    Args:
        setup: the server
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._scorer = BatchScorer(setup.device, setup.weights)
        self.stopping = Stopping()
        self.offered = self._scorer.offered

    def score(
        self, files: list[Upload] | None, metrics: object = (), request: gr.Request | None = None
    ) -> Iterator[Update]:
        """Score pictures, as they come.

        Args:
            files: pictures, zip archives of pictures, and at most one CSV file with the columns dist and ref
            metrics: names of metrics; none for NR quality, or DeepMSE where there are pairs
            request: of the session, which may ask to stop
        """
        try:
            yield gr.skip(), view.waiting("Reading the files …"), None
            batch = gather(self._setup.uploads, files, self._setup.place)
            yield gr.skip(), view.waiting("Loading the metrics …"), None
            empty, stream = self._scorer(batch, metrics, self._setup.place)
            result = empty
            for result in self._results(empty, stream, request):
                yield gr.skip(), result_html(result), result
            yield data_of(result), result_html(result, finished=True), result
        except DeepMSEError as error:
            yield {"error": str(error)}, view.message(str(error)), None

    def _results(self, result: Result, stream: Iterator[Score], request: gr.Request | None) -> Iterator[Result]:
        """The result after all scores or where it was stopped, and now and then before."""
        start = shown = time.perf_counter()
        scores: list[Score] = []
        thumbnails: dict[int, Path] = {}
        for score in stream:
            if self.stopping.is_asked(request):
                break
            scores.append(score)
            if score.measurements:
                thumbnails[score.item.key] = self._thumbnail(Path(score.item.dist))
            now = time.perf_counter()
            result = replace(result, scores=tuple(scores), thumbnails=thumbnails, seconds=now - start)
            if now - shown > UPDATE_S:
                shown = now
                yield result
        yield result

    def _thumbnail(self, path: Path) -> Path:
        image = decode(path, max_pixels=MAX_PIXELS).image
        image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), reducing_gap=2)
        target = self._setup.place(".webp")
        image.save(target, quality=70, method=0)
        return target


def data_of(result: Result) -> dict[str, Any]:
    """A result for API clients: the rows of ``deepmse score``, and how they came about."""
    failed = result.failed
    return {
        "columns": result.columns,
        "rows": result.rows,
        "pairs": result.total,
        "scored": len(result.scores) - failed.total(),
        "failed": failed.total(),
        "errors": dict(failed.most_common()),
        "note": result.batch.note,
        "settings": result.settings,
    }


def build(setup: Setup) -> None:
    """Put the tab where this is called."""
    answer = BatchAnswer(setup)
    gr.HTML(INTRODUCTION)
    files = gr.File(file_count="multiple", label="Pictures, zip, CSV", height=170, elem_id="batch-files")
    with gr.Row(elem_classes="dm-actions"):
        button = gr.Button("Score", variant="primary", scale=0, min_width=180)
        stop = gr.Button("Stop", variant="stop", scale=0, min_width=110, visible=False)
    metrics = gr.Dropdown(
        [(metric.title, metric.name) for metric in answer.offered],
        value=[],
        multiselect=True,
        label="Metrics (by default NR; DeepMSE for pairs)",
        elem_classes="dm-choice",
    )
    state = gr.State(None, time_to_live=FORGET_S)
    with gr.Row():
        with gr.Column(scale=3, min_width=300):
            results = gr.HTML(elem_id="batch-results", js_on_load=SCRIPT, min_height=60)
            with gr.Row(visible=False, elem_classes="dm-actions") as downloads:
                buttons = [gr.Button(title, size="sm", scale=0, min_width=150) for title in DOWNLOADS]
        with gr.Column(scale=2, min_width=280):
            picture = gr.HTML(elem_id="batch-picture")
    download = gr.DownloadButton(visible="hidden", elem_id="batch-download")
    threshold = gr.Number(visible=False)

    def running(is_running: bool) -> tuple[gr.Button, gr.Button]:
        return gr.Button(visible=not is_running), gr.Button(visible=is_running)

    private: dict[str, Any] = {"api_visibility": "private", "queue": False, "show_progress": "hidden"}

    def begin(request: gr.Request) -> tuple[Any, ...]:
        answer.stopping.forget(request)
        return *running(True), gr.Row(visible=False), NOTHING_CHOSEN

    button.click(begin, None, [button, stop, downloads, picture], **private)
    scoring = button.click(
        answer.score,
        [files, metrics],
        [gr.JSON(visible=False), results, state],
        preprocess=False,
        show_progress="hidden",
        api_name="batch",
        api_description="Scores of many pictures or pairs: the rows of deepmse score as data, and the page's HTML.",
        **ONE_BATCH_AT_A_TIME,
    )
    scoring.then(
        lambda result: (*running(False), gr.Row(visible=result is not None and bool(result.scores))),
        state,
        [button, stop, downloads],
        **private,
    )
    stop.click(answer.stopping.ask, None, None, **private)
    results.select(_picture_html, state, picture, **private).then(
        None,
        js="() => document.querySelector('#batch-picture').scrollIntoView({block: 'nearest', behavior: 'smooth'})",
    )
    for each, (name, write) in zip(buttons, DOWNLOADS.values(), strict=True):
        each.click(
            partial(_written, setup, name, write),
            [state, threshold],
            download,
            js="result => [result, Number(document.querySelector('#batch-results .dm-split input')?.value ?? 0)]",
            api_visibility="private",
            **ONE_BATCH_AT_A_TIME,
        ).then(None, js="() => setTimeout(() => document.querySelector('#batch-download').click(), 100)")


def _written(setup: Setup, name: str, write: Write, result: Result | None, at: float) -> str:
    """The path of a new file for the visitor."""
    if result is None:
        raise gr.Error("The scores are no longer here. Score the pictures again.")
    path = setup.download(name)
    try:
        write(result, at, path)
    except FileNotFoundError as error:
        raise gr.Error("The pictures are no longer here. Score them again.") from error
    return str(path)


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


def _picture_html(result: Result | None, event: gr.EventData) -> str:
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


SCRIPT: Final = """
let order = null;
const rows = () => [...element.querySelectorAll('tbody tr')];

function sort() {
  if (!order) return;
  const {column, sign} = order;
  const key = row => row.children[column].dataset.value;
  const body = element.querySelector('tbody');
  if (!body) return;
  const compare = column === 1
    ? (a, b) => key(a).localeCompare(key(b), undefined, {numeric: true})
    : (a, b) => Number(key(a)) - Number(key(b));
  const known = rows().filter(row => key(row) !== undefined).sort((a, b) => sign * compare(a, b));
  body.append(...known, ...rows().filter(row => key(row) === undefined));
  element.querySelectorAll('thead th').forEach((cell, index) => {
    cell.ariaSort = index + 1 !== column ? 'none' : sign > 0 ? 'ascending' : 'descending';
  });
}

function split() {
  const box = element.querySelector('.dm-split');
  if (!box) return;
  const input = box.querySelector('input');
  const threshold = Number(input.value), low = Number(input.min), high = Number(input.max);
  const sign = box.classList.contains('dm-lower') ? -1 : 1;
  const scored = rows().filter(row => row.dataset.score !== undefined);
  const isKept = row => sign * Number(row.dataset.score.replace('inf', 'Infinity')) >= sign * threshold;
  let kept = 0;
  for (const row of scored) {
    const keep = isKept(row);
    row.classList.toggle('dm-rejected', !keep);
    kept += keep;
  }
  box.style.setProperty('--dm-at', `${100 * (threshold - low) / (high - low)}%`);
  box.querySelector('output').textContent = input.value;
  box.querySelector('[data-testid=kept]').textContent = kept;
  box.querySelector('[data-testid=rejected]').textContent = scored.length - kept;
}

element.addEventListener('input', split);
element.addEventListener('click', event => {
  const header = event.target.closest('thead th');
  const row = event.target.closest('tbody tr');
  if (header) {
    const column = [...header.parentNode.children].indexOf(header);
    order = {column, sign: order?.column === column ? -order.sign : 1};
    sort();
  } else if (row) {
    rows().forEach(other => other.classList.toggle('dm-shown', other === row));
    trigger('select', {index: Number(row.dataset.row)});
  }
});
watch('value', () => { sort(); split(); });
"""

STYLE: Final = """
.dm-summary { margin: 0 0 8px; font-size: 15px; font-variant-numeric: tabular-nums; }
.dm-batch { display: grid; gap: 20px; min-width: 0; }
.dm-batch ul { margin: 0; padding-left: 18px; font-size: 13px; color: var(--dm-quiet); overflow-wrap: anywhere; }
.dm-batch footer * { margin: 0; font-size: 13px; color: var(--dm-quiet); }
.dm-batch footer .dm-warning { color: var(--dm-bad); }

.dm-split h2 { margin: 0 0 10px; font-size: 13px; font-weight: 600; letter-spacing: .02em; color: var(--dm-quiet); }
.dm-histogram { position: relative; height: 110px; border-bottom: 1px solid var(--border-color-primary); }
.dm-histogram i { position: absolute; inset: 0;
  background: linear-gradient(90deg, var(--dm-rejected) var(--dm-at), var(--color-accent) var(--dm-at)); }
.dm-lower .dm-histogram i {
  background: linear-gradient(90deg, var(--color-accent) var(--dm-at), var(--dm-rejected) var(--dm-at)); }
.dm-histogram b { position: absolute; inset-block: 0; left: var(--dm-at); width: 2px; margin-left: -1px;
  background: var(--body-text-color); }
.dm-split { --dm-rejected: #cbd5e1; }
.dark .dm-split { --dm-rejected: #475569; }
.dm-ends { display: flex; justify-content: space-between; margin: 2px 0 10px; font-size: 12px; color: var(--dm-quiet);
  font-variant-numeric: tabular-nums; }
.dm-split input { display: block; width: calc(100% + 16px); margin: 6px -8px 0; accent-color: var(--color-accent); }
.dm-split p { margin: 10px 0 0; font-variant-numeric: tabular-nums; }

.dm-rows { max-height: 480px; overflow: auto; border: 1px solid var(--border-color-primary); border-radius: 10px; }
.dm-rows table { width: 100%; margin: 0; border-collapse: collapse; font-size: 14px; }
.dm-rows thead { position: sticky; top: 0; z-index: 1; background: var(--block-background-fill); }
.dm-rows :is(table, thead, tbody, tr) { border: 0 !important; }
.dm-rows :is(th, td) { padding: 6px 12px; border: 0 !important;
  border-bottom: 1px solid var(--border-color-primary) !important;
  text-align: left; font-weight: 400; overflow-wrap: anywhere; }
.dm-rows :is(th, td):not(:nth-child(-n + 2)) { text-align: right; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.dm-rows th[scope=row] { width: 50%; }
.dm-rows td:first-child { width: 68px; padding-right: 0; }
.dm-rows img { width: 56px; height: 42px; margin: 0; object-fit: cover; border-radius: 4px; }
.dm-rows button { padding: 4px 0; border: 0; background: none; color: inherit; font: inherit; text-align: inherit;
  cursor: pointer; overflow-wrap: anywhere; }
.dm-rows thead button { font-size: 13px; font-weight: 600; color: var(--dm-quiet); }
.dm-rows [aria-sort=ascending] button::after { content: " ↑"; }
.dm-rows [aria-sort=descending] button::after { content: " ↓"; }
.dm-rows small { display: block; font-size: 12px; color: var(--dm-quiet); }
.dm-rows tbody tr { cursor: pointer; }
.dm-rows tbody tr:hover { background: var(--background-fill-secondary); }
.dm-rows .dm-shown { box-shadow: inset 3px 0 var(--color-accent); }
.dm-rows .dm-rejected { opacity: .5; }
.dm-rows .dm-rejected th button { text-decoration: line-through; }
.dm-rows .dm-failed { color: var(--dm-bad); }

.dm-picture { position: sticky; top: 16px; }
.dm-picture figure { margin: 0 0 12px; }
.dm-picture img { width: 100%; margin: 0; border-radius: 8px; }
.dm-picture :is(figcaption, ul) { margin: 4px 0 0; font-size: 13px; color: var(--dm-quiet); overflow-wrap: anywhere; }
.dm-picture ul { padding-left: 18px; }
.dm-picture dl { margin: 0; }
.dm-picture dl div { display: flex; justify-content: space-between; font-size: 14px; }
.dm-picture dd { margin: 0; font-weight: 600; font-variant-numeric: tabular-nums; }
.dm-picture .dm-failed { margin: 8px 0 0; font-size: 13px; color: var(--dm-bad); overflow-wrap: anywhere; }
"""

TAB: Final = Tab("Batch", build, STYLE)
