"""Compare two pictures: how far a distorted copy is from its reference, and where."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, Final, cast

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ....plugin.errors import DeepMSEError
from ....plugin.overlay import PALETTE, colorize
from .. import examples, view
from ..answers import Answer, answer, data_of
from ..components import (
    ONE_AT_A_TIME,
    answer_at,
    before_after,
    example_buttons,
    metric_choice,
    picture_input,
    viewable,
)
from ..metrics import Findings, Metrics
from ..uploads import Picture, Upload, Uploads, read
from ..view import embed, number
from .base import Setup, Tab

METRIC: Final = "deepmse"

#: Ratios of width to height that differ by less are those of one shape, scaled to whole pixels.
SAME_SHAPE: Final = 1.02

INTRODUCTION: Final = """
<p class="dm-intro">DeepMSE compares a picture with a distorted copy the way a neural network sees them: how far apart
they are, and where.</p>
"""

STYLE: Final = """
.dm-bars { display: grid; gap: 8px; margin: 12px 0; }
.dm-bar { display: grid; grid-template-columns: 48px 1fr 80px; gap: 12px; align-items: center; font-size: 14px; }
.dm-bar dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
.dm-bar dt + dd { height: 12px; border-radius: 3px; background: var(--background-fill-secondary); }
.dm-bar span { display: block; height: 100%; min-width: 1px; border-radius: 3px;
  background: var(--color-accent); }

.dm-map { margin: 0; min-width: 0; }
.dm-overlay { position: relative; margin: 12px 0; border-radius: 8px; overflow: hidden; line-height: 0; }
.dm-overlay img { width: 100%; margin: 0; }
.dm-overlay img + img { position: absolute; inset: 0; height: 100%; opacity: var(--dm-opacity, 50%); }
.dm-map figcaption { display: flex; flex-wrap: wrap; gap: 10px 28px; justify-content: space-between; }
.dm-map figcaption * { font-size: 13px; color: var(--dm-quiet); }
.dm-map label, .dm-legend { display: flex; align-items: center; gap: 10px; }
.dm-map input { width: 120px; accent-color: var(--color-accent); }
.dm-legend i { width: 100px; height: 10px; border-radius: 3px; }
"""


class Comparison:
    """Compares uploaded images, by a model that is loaded at the first comparison.

    Args:
        uploads: tells the folder that uploads are in; no other file is opened
        weights: file or folder of DeepMSE's weights; None searches for them
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
    """

    def __init__(self, uploads: Uploads, weights: Path | None = None, device: str = "auto") -> None:
        self._uploads = uploads
        self.metrics = Metrics(METRIC, "FR", device=device, weights=weights)

    def __call__(self, reference: Upload | None, distorted: Upload | None, metrics: object = ()) -> Answer:
        """Compare one pair.

        Args:
            reference: the original
            distorted: the image to score
            metrics: names of other metrics to compute
        """
        return answer(lambda: self._compare(reference, distorted, metrics))

    def _compare(self, reference: Upload | None, distorted: Upload | None, metrics: object) -> Answer:
        original = read(self._uploads, "reference", reference)
        picture = read(self._uploads, "distorted", distorted)
        found = self.metrics(metrics, picture, original)
        stages = dict(zip(found.metric.stages, found.main.stages, strict=True))
        error_map = colorize(cast(NDArray[np.uint8], found.main.error_map))
        caution = _caution(original, picture)
        html = result_html(found, stages, picture=picture.decoded.image, error_map=error_map, caution=caution)
        data: dict[str, Any] = {"score": found.main.value, "stages": stages, **data_of(found)}
        return data, html


def build(setup: Setup) -> None:
    """Put the tab where this is called."""
    compare = Comparison(setup.uploads, setup.weights, setup.device)
    gr.HTML(INTRODUCTION)
    with gr.Row():
        reference = picture_input(setup.uploads, "reference", "Reference: the original", "The reference image")
        distorted = picture_input(setup.uploads, "distorted", "Distorted: the copy", "The distorted image")
    images = [reference, distorted]
    with gr.Row(elem_classes="dm-actions"):
        button = gr.Button("Compare", variant="primary", scale=0, min_width=180)
        swap = gr.Button("⇄ Swap", scale=0, min_width=110)
        example_buttons(examples.pairs(), images)
    others = metric_choice(compare.metrics.others)
    result = gr.HTML(elem_id="comparison", min_height=120)
    with gr.Column(visible=False, elem_id="comparison-slider") as shown:
        slider = before_after("Reference | Distorted")

    swap.click(None, images, images, js="(reference, distorted) => [distorted, reference]")
    answered = answer_at(
        button,
        compare,
        images,
        others,
        result,
        api_name="compare",
        api_description="DeepMSE of a distorted image against its reference: as data, and as the page's HTML.",
    )
    answered.then(
        partial(_before_after, setup),
        images,
        [shown, slider],
        preprocess=False,
        show_progress="hidden",
        api_visibility="private",
        **ONE_AT_A_TIME,
    )
    for image in images:
        image.change(lambda: gr.Column(visible=False), None, shown, api_visibility="private", queue=False)


def _before_after(
    setup: Setup, reference: Upload | None, distorted: Upload | None
) -> tuple[gr.Column, gr.ImageSlider | None]:
    """The column with both pictures over each other, which is hidden where one can't be shown."""
    try:
        original = read(setup.uploads, "reference", reference)
        picture = read(setup.uploads, "distorted", distorted)
    except DeepMSEError:
        # The comparison has said so.
        return gr.Column(visible=False), None
    paths = viewable(setup.place, [original.decoded.image, picture.decoded.image])
    return gr.Column(visible=True), gr.ImageSlider(value=paths)


TAB: Final = Tab("Compare", build, STYLE)


def _caution(reference: Picture, distorted: Picture) -> str:
    """What to know before anything else: pictures of different shapes do not lie over each other."""
    ratios = [width / height for height, width in (reference.decoded.shape, distorted.decoded.shape)]
    if max(ratios) <= SAME_SHAPE * min(ratios):
        return ""
    return (
        f"These pictures have different shapes: “{reference.name}” has {reference.size}, “{distorted.name}” "
        f"{distorted.size}. Both were stretched to one square, so this score is no measure of quality: crop one to "
        "the shape of the other, and compare again."
    )


def result_html(
    found: Findings,
    stages: Mapping[str, float],
    *,
    picture: Image.Image,
    error_map: Image.Image,
    caution: str = "",
) -> str:
    """A comparison's result.

    Args:
        found: what was found, by DeepMSE and others
        stages: DeepMSE at each stage, by the stage's name
        picture: the distorted image, which goes below the map
        error_map: the painted map, stretched over the picture
        caution: what stands before the score, if anything does
    """
    score = found.main.value
    return f"""
<section class="dm-result" aria-label="Result">
  <div role="status">
    <h2>{escape(found.metric.title)}</h2>
    {view.message(caution) if caution else ""}
    <p class="dm-score" data-testid="score">{number(score)}</p>
    <p>{_meaning(score)}</p>
    {_bars(stages)}
  </div>
  {_map(picture, error_map)}
  {view.others(found.others)}
  {view.footer(found)}
</section>
"""


def _meaning(score: float) -> str:
    if score == 0:
        return "<strong>No difference.</strong> The network sees the two images as exactly the same."
    return (
        "<strong>0 is identical, lower is better.</strong> The scale has no unit, and no value on it means "
        "“good” or “bad”: use it to rank distorted copies of the same picture."
    )


def _bars(stages: Mapping[str, float]) -> str:
    longest = max(stages.values()) or 1
    rows = "".join(
        f'<div class="dm-bar"><dt>{escape(name)}</dt>'
        f'<dd><span style="width: calc(100% * {value:g} / {longest:g})"></span></dd>'
        f"<dd>{number(value)}</dd></div>"
        for name, value in stages.items()
    )
    return f"""
    <h3>Stage by stage</h3>
    <dl class="dm-bars">{rows}</dl>
    <p class="dm-caption">The error at five depths of the network, from fine detail at the top to content at the
    bottom. The score is their mean.</p>
"""


def _map(picture: Image.Image, error_map: Image.Image) -> str:
    return f"""
  <figure class="dm-map">
    <h2>Where they differ</h2>
    <div class="dm-overlay">
      <img src="{embed(picture)}" alt="The distorted image">
      <img src="{embed(error_map)}" alt="Map of the error, brighter where it is stronger">
    </div>
    <figcaption>
      <label>Map opacity <input type="range" min="0" max="100" value="50"
        oninput="this.closest('.dm-map').style.setProperty('--dm-opacity', this.value + '%')"></label>
      <div class="dm-legend"><span>no error</span><i style="background: {_GRADIENT}"></i><span>strong</span></div>
    </figcaption>
  </figure>
"""


_GRADIENT: Final = (
    f"linear-gradient(90deg, {', '.join('rgb({} {} {})'.format(*PALETTE[i]) for i in range(0, 256, 15))})"
)
