"""Judge one picture: how good it looks, without an original to compare it with."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any, Final, cast

import gradio as gr
import numpy as np
from PIL import Image

from ....plugin.engine.quality_map import QualityMap, quality_map
from ....plugin.errors import DeepMSEError
from ....plugin.metrics.base import NoReferenceMetric
from ....plugin.metrics.causes import NONE, TOP, Cause
from ....plugin.overlay import colorize
from .. import examples, view
from ..answers import Answer, answer, data_of
from ..components import ONE_AT_A_TIME, answer_at, example_buttons, metric_choice, picture_input
from ..metrics import Findings, Metrics
from ..uploads import Upload, Uploads, read
from ..view import embed
from ..viewer import GRADIENT
from .base import Setup, Tab

METRIC: Final = "nr"

#: Standard deviations to either side that hold 95 % of a normal distribution.
WITHIN_95_PERCENT: Final = 1.96

INTRODUCTION: Final = """
<p class="dm-intro">Without an original to compare with, a model that has learned from people’s opinions says how good
they would find the picture.</p>
"""

NOTHING_YET: Final = '<p class="dm-nothing">The judgement comes here.</p>'

STYLE: Final = """
.dm-judgement { gap: 24px; }
.dm-judgement .dm-score small { margin-left: 8px; font-size: 20px; font-weight: 400; letter-spacing: 0;
  color: var(--dm-quiet); }
.dm-judgement .dm-grade { font-size: 20px; font-weight: 600; }
.dm-scale { position: relative; height: 12px; margin: 22px 0 0; border-radius: 6px;
  background: var(--background-fill-secondary); box-shadow: inset 0 0 0 1px var(--border-color-primary); }
.dm-scale span { position: absolute; inset-block: 0; border-radius: 6px; background: var(--color-accent);
  opacity: .35; }
.dm-scale i { position: absolute; inset-block: -5px; width: 4px; margin-left: -2px; border-radius: 2px;
  background: var(--color-accent); }
.dm-grades { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; margin: 6px 0 18px; text-align: center; }
.dm-grades span { font-size: 13px; color: var(--dm-quiet); }
.dm-scale ~ p + p { margin-top: 8px; }
.dm-quality { margin: 0; grid-template-columns: minmax(0, 1fr) !important; }
.dm-overlay { position: relative; width: fit-content; max-width: 100%; margin: 12px auto; border-radius: 8px;
  overflow: hidden; line-height: 0; }
.dm-overlay img { max-width: 100%; max-height: 76vh; margin: 0; }
.dm-overlay img + img { position: absolute; inset: 0; width: 100%; height: 100%; opacity: var(--dm-opacity, 50%); }
.dm-quality figcaption { margin-top: 10px; line-height: 1.5; }
"""


class Judgement:
    """Judges uploaded images by themselves, by a model that is loaded at the first judgement.

    Args:
        uploads: tells the folder that uploads are in; no other file is opened
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
    """

    def __init__(self, uploads: Uploads, device: str = "auto") -> None:
        self._uploads = uploads
        self.metrics = Metrics(METRIC, "NR", device=device)

    def __call__(self, picture: Upload | None, metrics: object = ()) -> Answer:
        """Judge one picture.

        Args:
            picture: the picture
            metrics: names of other metrics to compute
        """
        return answer(lambda: self._judge(picture, metrics))

    def _judge(self, picture: Upload | None, metrics: object) -> Answer:
        found = self.metrics(metrics, read(self._uploads, "picture", picture))
        interval = _interval(found)
        data: dict[str, Any] = {
            "score": found.main.value,
            "interval": interval,
            "grade": found.main.grade,
            "percentile": found.main.percentile,
            "domain": found.main.domain,
            "causes": [each._asdict() for each in found.main.causes[:TOP]],
        }
        return {**data, **data_of(found)}, result_html(found, interval)

    def map(self, picture: Upload | None) -> str:
        """Where the picture is good and where it is bad, as HTML; nothing where there is no picture to judge."""
        try:
            judged = read(self._uploads, "picture", picture)
            found = quality_map(cast(NoReferenceMetric, self.metrics.main), self.metrics.pixels(judged))
        except DeepMSEError:
            # The judgement has said so.
            return ""
        return map_html(judged.decoded.image, found)


def _interval(found: Findings) -> tuple[float, float] | None:
    """Where the score of a picture lies with 95 % probability, on the metric's scale."""
    if found.main.deviation is None:
        return None
    low, high = found.metric.range
    reach = WITHIN_95_PERCENT * found.main.deviation
    return max(low, found.main.value - reach), min(high, found.main.value + reach)


def build(setup: Setup) -> None:
    """Put the tab where this is called."""
    judge = Judgement(setup.uploads, setup.device)
    gr.HTML(INTRODUCTION)
    with gr.Row():
        with gr.Column(min_width=280):
            picture = picture_input(setup.uploads, "picture", "Picture", "The picture to judge")
            with gr.Row(elem_classes="dm-actions"):
                button = gr.Button("Judge", variant="primary", scale=0, min_width=180)
                example_buttons(examples.singles(), [picture])
            others = metric_choice(judge.metrics.others)
        with gr.Column(min_width=280):
            result = gr.HTML(NOTHING_YET, elem_id="judgement", min_height=120)

    mapped = gr.HTML(elem_id="judgement-map")
    answered = answer_at(
        button,
        judge.__call__,
        [picture, others],
        (gr.JSON(visible=False), result),
        api_name="judge",
        api_description="How good an image looks, without a reference.",
    )
    # By itself, since the map takes longer than the score.
    answered.then(judge.map, picture, mapped, preprocess=False, api_visibility="private", **ONE_AT_A_TIME)
    picture.change(lambda: (NOTHING_YET, ""), None, [result, mapped], api_visibility="private", queue=False)


TAB: Final = Tab("Judge", build, STYLE)


def result_html(found: Findings, interval: tuple[float, float] | None) -> str:
    """A judgement's result.

    Args:
        found: what was found, by the model and others
        interval: where the score lies with 95 % probability; None if that is not known
    """
    best = found.metric.range[1]
    grade = found.main.grade
    percentile, domain = found.main.percentile, found.main.domain
    return f"""
<section class="dm-result dm-judgement" aria-label="Result">
  <div role="status">
    <h2>Quality</h2>
    <p class="dm-score"><span data-testid="score">{found.main.value:.0f}</span><small> of {best:g}</small></p>
    {f'<p class="dm-grade">{escape(grade.capitalize())}</p>' if grade else ""}
    {_scale(found, interval)}
    {f"<p>{_rank(percentile)}</p>" if percentile is not None else ""}
    {_likely(found.main.causes)}
    {f"<p>{_FOREIGN[domain]}</p>" if domain in _FOREIGN else ""}
  </div>
  {view.others(found.others, found.settings)}
  {view.footer(found)}
</section>
"""


def _scale(found: Findings, interval: tuple[float, float] | None) -> str:
    """The score on its scale, whose equal parts have the grades' names, with the stretch that opinion lies in."""
    low, high = found.metric.range

    def place(value: float) -> str:
        return f"{100 * (value - low) / (high - low):.2f}%"

    stretch, words = "", ""
    if interval is not None:
        first, last = interval
        stretch = f'<span style="left: {place(first)}; right: calc(100% - {place(last)})"></span>'
        words = (
            "<p>With 95 % probability, people’s mean opinion lies "
            f"<strong>between {first:.0f} and {last:.0f}</strong>.</p>"
        )
    grades = "".join(f"<span>{escape(grade)}</span>" for grade in found.metric.grades)
    return f"""
    <div class="dm-scale" aria-hidden="true">{stretch}<i style="left: {place(found.main.value)}"></i></div>
    <div class="dm-grades" aria-hidden="true">{grades}</div>
    {words}
"""


def _likely(causes: Sequence[Cause]) -> str:
    """What the picture most likely looks bad by; the second too where the first is as likely wrong."""
    if not causes:
        return ""
    told = causes[:1] if causes[0].probability > 0.5 else causes[:2]
    names = ["no distortion" if each.name == NONE else each.name for each in told]
    words = ", or ".join(
        f"<strong>{escape(name)}</strong>, {100 * each.probability:.0f} %"
        for name, each in zip(names, told, strict=True)
    )
    return f'<p data-testid="cause">Likely cause: {words}</p>'


def map_html(picture: Image.Image, found: QualityMap) -> str:
    """A map of quality over its picture, and what it is.

    Args:
        picture: the picture
        found: scores of its windows
    """
    cells = found.cells
    low, high = (f"{end:.0f}" for end in (np.nanmin(cells), np.nanmax(cells)))
    window, stride = " × ".join(map(str, found.window)), max(found.describe()["stride"])
    height, width = found.size
    return f"""
<figure class="dm-result dm-quality">
  <div>
    <h2>Where it is good, and where bad</h2>
    <div class="dm-overlay">
      <img src="{embed(picture)}" alt="The picture">
      <img src="{embed(colorize(found.levels))}" alt="Map of quality, brighter where it is worse">
    </div>
    <div class="dm-tools">
      <label>Map opacity <input type="range" min="0" max="100" value="50"
        oninput="this.closest('figure').style.setProperty('--dm-opacity', this.value + '%')"></label>
      <div class="dm-legend"><span>100</span><i style="background: {GRADIENT}"></i><span>0</span></div>
    </div>
    <figcaption class="dm-caption">Scores of {found.scores.size} overlapping windows of {window} pixels,
    {stride} apart, in the picture at {width} × {height}; each place has the mean of the windows over it,
    {low} to {high}. The model judges each window as if it were a picture: sky and walls get less than what is in
    focus, and the whole is not their mean.</figcaption>
  </div>
</figure>
"""


_FOREIGN: Final = {
    "near": "Few of the pictures that the model has learned from are like this one: trust the score less.",
    "out": "This picture is of a kind that the model has not learned from: the score may mean little.",
}


def _rank(percentile: float) -> str:
    photographs = "the 10,000 photographs that the model has learned from"
    if percentile < 1:
        return f"Hardly any of {photographs} look worse."
    if percentile > 99:
        return f"Better than nearly all of {photographs}."
    return f"<strong>Better than {percentile:.0f} %</strong> of {photographs}."
