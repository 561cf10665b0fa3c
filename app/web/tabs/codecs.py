"""Compress a picture by several codecs at several qualities: what each byte buys, and which file is small enough."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Final

import gradio as gr

from ....plugin.errors import DeepMSEError
from ....plugin.images import decode
from ....plugin.metrics import MetricInfo, metric_info
from .. import examples, view
from ..components import example_buttons, picture_input, viewable
from ..ladders import Ladder, LadderMaker, Step
from ..stopping import Stopping
from ..uploads import Upload, read
from ..view import number
from .base import Setup, Tab

INTRODUCTION: Final = """
<p class="dm-intro">How small can a file be, and still look like the picture? Each codec writes it at a ladder of
qualities, and every file is compared with the original.</p>
"""

#: Making a ladder takes long: it has a place of its own in the queue.
ONE_LADDER_AT_A_TIME: Final[dict[str, Any]] = {"concurrency_limit": 1, "concurrency_id": "ladders"}

UPDATE_S: Final = 0.5
"""Seconds between two updates of the page."""

FORGET_S: Final = 3600
TICKS: Final = 5

Update = tuple[Any, Any, Any]
"""Data for API clients, HTML, and the ladder so far."""


class CodecAnswer:
    """Compresses uploaded pictures.

    Args:
        setup: the server
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.maker = LadderMaker(setup.place, setup.device, setup.weights)
        self.stopping = Stopping()

    def compress(
        self,
        picture: Upload | None,
        codecs: object = (),
        metrics: object = (),
        request: gr.Request | None = None,
    ) -> Iterator[Update]:
        """Compress one picture, at every quality of the ladder.

        Args:
            picture: the picture
            codecs: names of codecs; none for all that are here
            metrics: names of metrics; none for DeepMSE
            request: of the session, which may ask to stop
        """
        try:
            yield gr.skip(), view.waiting("Loading the metrics …"), None
            original = read(self._setup.uploads, "original", picture)
            shown = time.perf_counter()
            for ladder in self.maker(original, codecs, metrics):
                if self.stopping.is_asked(request):
                    break
                if time.perf_counter() - shown > UPDATE_S:
                    shown = time.perf_counter()
                    yield gr.skip(), view.progress(len(ladder.steps), ladder.total, ladder.seconds), ladder
            yield data_of(ladder), ladder_html(ladder), ladder
        except DeepMSEError as error:
            yield {"error": str(error)}, view.message(str(error)), None


def data_of(ladder: Ladder) -> dict[str, Any]:
    """A ladder for API clients."""
    return {
        "pixels": ladder.pixels,
        "files": [
            {
                "codec": step.codec.name,
                step.codec.setting: step.setting,
                "bytes": step.size,
                "bytes_per_pixel": step.size / ladder.pixels,
                "scores": {name: _finite(ladder.value(step, name)) for name in ladder.metrics},
                "error": _reason(ladder, step),
            }
            for step in ladder.steps
        ],
        "notes": ladder.notes,
        "settings": ladder.settings,
    }


def _finite(value: float | None) -> float | None:
    """A score as JSON holds it, which knows no infinity."""
    return value if value is not None and math.isfinite(value) else None


def _reason(ladder: Ladder, step: Step) -> str:
    error = step.score.error.replace(str(step.path), step.name)
    return error.replace(ladder.picture.path, f"“{ladder.picture.name}”")


def build(setup: Setup) -> None:
    """Put the tab where this is called."""
    answer = CodecAnswer(setup)
    gr.HTML(INTRODUCTION)
    with gr.Row():
        with gr.Column(min_width=280):
            picture = picture_input(setup.uploads, "original", "Picture", "The picture to compress")
        with gr.Column(min_width=280):
            codecs = gr.CheckboxGroup(
                [codec.name for codec in answer.maker.codecs],
                value=[codec.name for codec in answer.maker.codecs],
                label="Codecs",
                elem_classes="dm-choice",
            )
            metrics = gr.Dropdown(
                [(metric.title, metric.name) for metric in answer.maker.offered],
                value=["deepmse"],
                multiselect=True,
                label="Metrics",
                elem_classes="dm-choice",
            )
            with gr.Row(elem_classes="dm-actions"):
                button = gr.Button("Compress", variant="primary", scale=0, min_width=180)
                stop = gr.Button("Stop", variant="stop", scale=0, min_width=110, visible=False)
                example_buttons(examples.photographs(), [picture])
    state = gr.State(None, time_to_live=FORGET_S)
    result = gr.HTML(elem_id="ladder", js_on_load=SCRIPT, min_height=60)
    with gr.Column(visible=False, elem_id="ladder-file") as shown:
        slider = gr.ImageSlider(label="Original and file", interactive=False, buttons=["fullscreen"], max_height=520)
        with gr.Row(elem_classes="dm-actions"):
            download = gr.DownloadButton("Download", size="sm", scale=0, min_width=260)

    private: dict[str, Any] = {"api_visibility": "private", "queue": False, "show_progress": "hidden"}

    def running(is_running: bool) -> tuple[gr.Button, gr.Button]:
        return gr.Button(visible=not is_running), gr.Button(visible=is_running)

    def begin(request: gr.Request) -> tuple[Any, ...]:
        answer.stopping.forget(request)
        return *running(True), gr.Column(visible=False)

    button.click(begin, None, [button, stop, shown], **private)
    compressing = button.click(
        answer.compress,
        [picture, codecs, metrics],
        [gr.JSON(visible=False), result, state],
        preprocess=False,
        show_progress="hidden",
        api_name="codecs",
        api_description="Sizes and scores of a picture at a ladder of qualities: as data, and as the page's HTML.",
        **ONE_LADDER_AT_A_TIME,
    )
    compressing.then(lambda: running(False), None, [button, stop], **private)
    stop.click(answer.stopping.ask, None, None, **private)
    picture.change(lambda: ("", gr.Column(visible=False)), None, [result, shown], **private)

    def show(ladder: Ladder | None, event: gr.EventData) -> tuple[Any, ...]:
        return _shown(setup, ladder, event)

    result.select(show, state, [shown, slider, download], **private).then(
        None, js="() => document.querySelector('#ladder-file').scrollIntoView({block: 'nearest', behavior: 'smooth'})"
    )


def _shown(setup: Setup, ladder: Ladder | None, event: gr.EventData) -> tuple[Any, ...]:
    """The column with a file, the original beside it, and the way to download it."""
    index = event._data.get("index") if isinstance(event._data, dict) else None
    if ladder is None or not isinstance(index, int) or not 0 <= index < len(ladder.steps):
        raise gr.Error("This file is no longer here. Compress the picture again.")
    step = ladder.steps[index]
    try:
        images = [decode(path).image for path in (ladder.picture.path, step.path)]
    except DeepMSEError as error:
        raise gr.Error("The files are no longer here. Compress the picture again.") from error
    name = f"{ladder.picture.name.rpartition('.')[0] or ladder.picture.name}-{step.setting}{step.codec.suffix}"
    file = setup.download(name.replace("/", "_").replace("\\", "_")[-120:])
    file.write_bytes(step.path.read_bytes())
    return (
        gr.Column(visible=True),
        gr.ImageSlider(value=viewable(setup.place, images), label=f"Original | {step.name}"),
        gr.DownloadButton(f"Download {step.name} ({_size(step.size)})", value=str(file)),
    )


def ladder_html(ladder: Ladder) -> str:
    """A ladder: the smallest good file of each codec, and a curve for each metric."""
    if not any(_finite(ladder.value(step, ladder.main.name)) is not None for step in ladder.steps):
        reasons = dict.fromkeys((*(_reason(ladder, step) for step in ladder.steps[:1]), *ladder.notes))
        return view.message("\n".join(filter(None, reasons)) or "No file was made.")
    charts = "".join(_chart(ladder, metric_info(name)) for name in ladder.metrics)
    legend = "".join(f"<span><i {_tint(ladder, name)}></i>{escape(name)}</span>" for name in _codecs(ladder))
    height, width = ladder.picture.decoded.shape
    footer = (
        f"{escape(ladder.picture.name)}, {width} × {height} pixels",
        f"{len(ladder.steps)} files in {ladder.seconds:.1f} s on {ladder.settings['device_name']}",
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in ladder.notes)
    notes += "".join(f'<li class="dm-warning">{escape(warning)}</li>' for warning in ladder.warnings)
    return f"""
<section class="dm-result dm-ladder" aria-label="Result">
  {_smallest(ladder)}
  <div class="dm-curves">
    <p class="dm-legend-row">{legend}</p>
    {charts}
    <p class="dm-caption">Choose a point to see its file beside the original.</p>
  </div>
  <footer>{f"<ul>{notes}</ul>" if notes else ""}<p>{" · ".join(footer)}</p></footer>
</section>
"""


def _codecs(ladder: Ladder) -> list[str]:
    return list(dict.fromkeys(step.codec.name for step in ladder.steps))


def _tint(ladder: Ladder, codec: str) -> str:
    return f'style="{_tinted(ladder, codec)}"'


def _tinted(ladder: Ladder, codec: str) -> str:
    return f"--dm-tint: var(--dm-tint-{_codecs(ladder).index(codec) + 1})"


def _smallest(ladder: Ladder) -> str:
    """All files, the smallest first, of which the page shows the first of each codec within the chosen score."""
    metric = ladder.main
    values = sorted(value for step in ladder.steps if (value := ladder.value(step, metric.name)) is not None)
    middle = len(values) // 2
    rows = "".join(
        _row(ladder, index, value)
        for index in sorted(range(len(ladder.steps)), key=lambda index: ladder.steps[index].size)
        if (value := ladder.value(ladder.steps[index], metric.name)) is not None
    )
    none = "".join(
        f'<tr data-none="{escape(name)}" hidden><th scope="row"><i {_tint(ladder, name)}></i>{escape(name)}</th>'
        '<td colspan="3">no file of the ladder is as good</td></tr>'
        for name in _codecs(ladder)
    )
    lower = metric.lower_is_better
    return f"""
  <div class="dm-smallest {"dm-lower" if lower else ""}">
    <h2>Smallest files with {escape(metric.title)} of {"at most" if lower else "at least"}
      <output>{number(values[middle])}</output></h2>
    <input type="range" aria-label="{escape(metric.title)}" min="0" max="{len(values) - 1}" value="{middle}">
    <table>
      <thead><tr><th scope="col">Codec</th><th scope="col">Size</th><th scope="col">Bytes a pixel</th>
        <th scope="col">{escape(metric.title)}</th></tr></thead>
      <tbody>{rows}{none}</tbody>
    </table>
    <p class="dm-caption">{"0 is identical, lower is better." if lower and metric.range[0] == 0 else ""}</p>
  </div>
"""


def _row(ladder: Ladder, index: int, value: float) -> str:
    step = ladder.steps[index]
    return (
        f'<tr data-row="{index}" data-codec="{escape(step.codec.name)}" data-score="{value!r}">'
        f'<th scope="row"><i {_tint(ladder, step.codec.name)}></i>'
        f'<button type="button">{escape(step.codec.name)}</button>'
        f"<small>{step.codec.setting} {step.setting}</small></th>"
        f"<td>{_size(step.size)}</td><td>{number(step.size / ladder.pixels)}</td><td>{number(value)}</td></tr>"
    )


def _size(size: int) -> str:
    """A file's size in words."""
    return f"{number(size / 1000)} kB" if size < 1_000_000 else f"{number(size / 1e6)} MB"


def _chart(ladder: Ladder, metric: MetricInfo) -> str:
    """Curves of a metric over bytes a pixel, a line a codec; the points are buttons."""
    found = [
        (index, step, value)
        for index, step in enumerate(ladder.steps)
        if (value := _finite(ladder.value(step, metric.name))) is not None
    ]
    if not found:
        return ""
    # Errors without an upper end span decades, of which the best files would share the last pixel.
    is_error = metric.lower_is_better and math.isinf(metric.range[1]) and min(value for *_, value in found) > 0
    rise, ticks = (math.log10, _decades) if is_error else (float, _even)
    points = [
        (index, step.codec.name, math.log10(step.size / ladder.pixels), rise(value)) for index, step, value in found
    ]
    left, right = _padded([x for _, _, x, _ in points])
    bottom, top = _padded([y for _, _, _, y in points])

    def place(x: float, y: float) -> tuple[float, float]:
        return 100 * (x - left) / (right - left), 100 * (top - y) / (top - bottom)

    lines, buttons = "", ""
    for codec in _codecs(ladder):
        line = [(index, *place(x, y)) for index, name, x, y in points if name == codec]
        path = " ".join(f"{x:.2f},{y:.2f}" for _, x, y in line)
        lines += f'<polyline points="{path}" {_tint(ladder, codec)}/>'
        for index, x, y in line:
            step = ladder.steps[index]
            words = f"{step.name}: {_size(step.size)}, {metric.title} {number(ladder.value(step, metric.name) or 0)}"
            buttons += (
                f'<button type="button" data-row="{index}" title="{escape(words)}" aria-label="{escape(words)}" '
                f'style="left: {x:.2f}%; top: {y:.2f}%; {_tinted(ladder, codec)}"></button>'
            )
    across = "".join(
        f'<span style="left: {place(math.log10(tick), 0)[0]:.2f}%">{number(tick)}</span>'
        for tick in _decades(10**left, 10**right)
    )
    ends = (10**bottom, 10**top) if is_error else (bottom, top)
    up = "".join(f'<span style="top: {place(0, rise(tick))[1]:.2f}%">{number(tick)}</span>' for tick in ticks(*ends))
    direction = f"{'lower' if metric.lower_is_better else 'higher'} is better"
    return f"""
    <figure class="dm-chart">
      <figcaption>{escape(metric.title)}, {direction}</figcaption>
      <div class="dm-plot">
        <div class="dm-up" aria-hidden="true">{up}</div>
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">{lines}</svg>
        {buttons}
        <div class="dm-across" aria-hidden="true">{across}</div>
      </div>
      <p>Bytes a pixel</p>
    </figure>
"""


def _padded(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.06 * (high - low) or 0.5
    return low - margin, high + margin


def _decades(low: float, high: float) -> list[float]:
    """Powers of ten between two numbers, and where there are few of them, twice and five times as much too."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    digits = (1, 2, 5) if len(exponents) <= 4 else (1,)
    return [tick for power in exponents for digit in digits if low <= (tick := digit * 10.0**power) <= high]


def _even(low: float, high: float) -> list[float]:
    """About five round numbers between two numbers, evenly spaced."""
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [index * step for index in range(math.ceil(low / step), math.floor(high / step) + 1)]


SCRIPT: Final = """
function choose() {
  const box = element.querySelector('.dm-smallest');
  if (!box) return;
  const input = box.querySelector('input');
  const rows = [...box.querySelectorAll('tr[data-row]')];
  const score = row => Number(row.dataset.score.replace('inf', 'Infinity'));
  const bound = [...rows].sort((a, b) => score(a) - score(b))[input.value];
  const sign = box.classList.contains('dm-lower') ? -1 : 1;
  const found = new Set();
  for (const row of rows) {
    const isGood = sign * score(row) >= sign * score(bound);
    row.hidden = !isGood || found.has(row.dataset.codec);
    if (isGood) found.add(row.dataset.codec);
  }
  for (const row of box.querySelectorAll('tr[data-none]')) row.hidden = found.has(row.dataset.none);
  const words = bound.lastElementChild.textContent;
  box.querySelector('output').textContent = words;
  input.ariaValueText = words;
}

element.addEventListener('input', choose);
element.addEventListener('click', event => {
  const chosen = event.target.closest('[data-row]');
  if (!chosen) return;
  element.querySelectorAll('[data-row]').forEach(
    each => each.classList.toggle('dm-shown', each.dataset.row === chosen.dataset.row));
  trigger('select', {index: Number(chosen.dataset.row)});
});
watch('value', choose);
"""

STYLE: Final = """
.dm-ladder { --dm-tint-1: #7c3aed; --dm-tint-2: #d97706; --dm-tint-3: #0d9488; --dm-tint-4: #db2777; }
.dark .dm-ladder { --dm-tint-1: #a78bfa; --dm-tint-2: #fbbf24; --dm-tint-3: #2dd4bf; --dm-tint-4: #f472b6; }
.dm-smallest, .dm-curves { min-width: 0; }
.dm-smallest output { color: var(--body-text-color); font-variant-numeric: tabular-nums; }
.dm-smallest input { display: block; width: 100%; margin: 14px 0; accent-color: var(--color-accent); }
.dm-smallest table { width: 100%; margin: 0; border-collapse: collapse; font-size: 14px; }
.dm-smallest :is(table, thead, tbody, tr) { border: 0 !important; }
.dm-smallest :is(th, td) { padding: 7px 0 7px 12px; border: 0 !important;
  border-top: 1px solid var(--border-color-primary) !important; text-align: right; font-weight: 400;
  font-variant-numeric: tabular-nums; }
.dm-smallest td { white-space: nowrap; }
@media (max-width: 420px) { .dm-smallest :is(th, td):nth-child(3) { display: none; } }
.dm-smallest :is(th, td):first-child { padding-left: 6px; text-align: left; }
.dm-smallest thead th { border-top: 0 !important; font-size: 13px; color: var(--dm-quiet); }
.dm-smallest [data-row] { cursor: pointer; }
.dm-smallest [data-row]:hover, .dm-smallest .dm-shown { background: var(--background-fill-secondary); }
.dm-smallest button { padding: 0; border: 0; background: none; color: inherit; font: inherit; cursor: pointer; }
.dm-smallest tbody th { position: relative; padding-left: 24px !important; white-space: nowrap; }
.dm-smallest tbody th i { position: absolute; top: 12px; left: 6px; }
.dm-smallest small { display: block; font-size: 12px; color: var(--dm-quiet); }
.dm-smallest i, .dm-legend-row i { display: inline-block; width: 10px; height: 10px; margin-right: 8px;
  border-radius: 5px; background: var(--dm-tint); }
.dm-smallest .dm-caption { margin-top: 10px; }
.dm-legend-row { display: flex; flex-wrap: wrap; gap: 4px 18px; font-size: 13px; }

.dm-chart { margin: 18px 0 14px; }
.dm-chart figcaption { margin: 0 0 10px; font-size: 13px; font-weight: 600; color: var(--dm-quiet); }
.dm-plot { position: relative; height: 240px; margin: 0 0 26px 52px; border: 1px solid var(--border-color-primary);
  border-width: 0 0 1px 1px; }
.dm-plot svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; }
.dm-plot polyline { fill: none; stroke: var(--dm-tint); stroke-width: 2; vector-effect: non-scaling-stroke; }
.dm-plot button { position: absolute; width: 11px; height: 11px; margin: -6px 0 0 -6px; padding: 0; cursor: pointer;
  border: 2px solid var(--block-background-fill); border-radius: 6px; background: var(--dm-tint); }
.dm-plot button:is(:hover, :focus-visible, .dm-shown) { z-index: 1; transform: scale(1.6); }
.dm-up span, .dm-across span { position: absolute; font-size: 12px; line-height: 1; color: var(--dm-quiet);
  font-variant-numeric: tabular-nums; }
.dm-up span { right: calc(100% + 8px); margin-top: -6px; }
.dm-up span::after { content: ""; position: absolute; left: calc(100% + 8px); top: 6px; width: 6px;
  border-top: 1px solid var(--border-color-primary); }
.dm-across span { top: calc(100% + 8px); transform: translateX(-50%); }
.dm-chart p { font-size: 12px; text-align: center; color: var(--dm-quiet); }
"""

TAB: Final = Tab("Codecs", build, STYLE)
