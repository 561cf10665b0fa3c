"""Compare two pictures: how far a distorted copy is from its reference, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from html import escape
from typing import Any, Final, cast

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from ....plugin.errors import DeepMSEError
from ....plugin.images import decode
from ....plugin.metrics.full_reference.deepmse import DeepMSEMetric
from ....plugin.overlay import colorize
from .. import examples, view, viewer
from ..answers import Answer, answer, data_of
from ..components import (
    ONE_AT_A_TIME,
    answer_at,
    example_buttons,
    metric_choice,
    picture_input,
    viewable,
)
from ..hints import hints
from ..metrics import Findings, Metrics
from ..shapes import Shapes, brought_together, chosen, common, differ
from ..uploads import Picture, Upload, read
from ..view import number
from .base import Setup, Tab

METRIC: Final = "deepmse"

PRIVATE: Final = {"api_visibility": "private"}

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

.dm-result .dm-like { margin-bottom: 10px; font-size: 16px; }
.dm-result .dm-wide { grid-column: 1 / -1; }
.dm-hint { margin-bottom: 12px !important; padding: 10px 14px; border-left: 4px solid var(--dm-chosen);
  border-radius: 6px; background: var(--background-fill-secondary); }
.dm-example { margin: 0 0 10px; font-size: 14px; color: var(--dm-quiet); }
"""


class Comparison:
    """Compares uploaded images, by a model that is loaded at the first comparison.

    Args:
        setup: where uploads are, DeepMSE's weights, and the device
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.metrics = Metrics(METRIC, "FR", device=setup.device, weights=setup.weights)

    def __call__(
        self,
        reference: Upload | None,
        distorted: Upload | None,
        metrics: object = (),
        shapes: object = Shapes.ASK,
    ) -> Answer:
        """Compare one pair.

        Args:
            reference: the original
            distorted: the image to score
            metrics: names of other metrics to compute
            shapes: what to do with pictures of different shapes: ``ask`` gives no score, ``crop`` cuts both to the
                middle of what they have in common, ``fit`` stretches both to the metric's square
        """
        return answer(lambda: self._compare(reference, distorted, metrics, shapes))

    def _compare(self, reference: Upload | None, distorted: Upload | None, metrics: object, shapes: object) -> Answer:
        uploads = self._setup.uploads
        pair = read(uploads, "reference", reference), read(uploads, "distorted", distorted)
        asked = list(hints(*pair))
        original, picture, done = brought_together(self._setup.place, *pair, chosen(shapes))
        found = self.metrics(metrics, picture, original, [done] if done else [])
        data: dict[str, Any] = {
            "score": found.main.value,
            "stages": stages_of(found),
            "hints": asked,
            **data_of(found),
        }
        return data, result_html(found, self._viewer(found, original, picture), asked)

    def example(self) -> str:
        """The first example's result, which the page shows before there is any other."""
        example, found, reference, distorted = self._example
        return f"""
<p class="dm-example">An example: “{escape(example.photo.stem)}”, a photograph that scikit-image ships, and a copy
with {escape(example.in_words)}. Choose pictures of your own above.</p>
{result_html(found, self._viewer(found, reference, distorted))}
"""

    @cached_property
    def _example(self) -> tuple[examples.Example, Findings, Picture, Picture]:
        example, *_ = examples.available()
        reference, distorted = (Picture(path.name, str(path), decode(path)) for path in examples.make(example))
        return example, self.metrics((), distorted, reference), reference, distorted

    def _viewer(self, found: Findings, reference: Picture, distorted: Picture) -> str:
        paths = viewable(self._setup.place, [reference.decoded.image, distorted.decoded.image])
        metric = cast(DeepMSEMetric, self.metrics.main)
        stages = metric.stage_maps(*(self.metrics.pixels(picture) for picture in (reference, distorted)))
        levels = [cast(NDArray[np.uint8], found.main.error_map), *(stage.numpy() for stage in stages)]
        titles = ("all stages", *found.metric.stages)
        maps = {title: colorize(level) for title, level in zip(titles, levels, strict=True)}
        pictures = dict(zip(("Reference", "Distorted"), paths, strict=True))
        return viewer.html("Where they differ", pictures, reference.decoded.image.size, maps)


def stages_of(found: Findings) -> dict[str, float]:
    """DeepMSE at each stage, by the stage's name."""
    return dict(zip(found.metric.stages, found.main.stages, strict=True))


def build(setup: Setup) -> None:
    """Put the tab where this is called."""
    compare = Comparison(setup)
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
    shapes = gr.Dropdown([*Shapes], value=Shapes.ASK.value, visible=False)
    data = gr.JSON(visible=False)
    result = gr.HTML(elem_id="comparison", js_on_load=viewer.SCRIPT)
    with gr.Row(visible=False, elem_id="comparison-shapes", elem_classes="dm-actions") as question:
        crop, fit = (gr.Button("", scale=0, min_width=220) for _ in range(2))
        cancel = gr.Button("Cancel", scale=0, min_width=110)
    shown = gr.HTML(elem_id="comparison-example", js_on_load=viewer.SCRIPT)

    def clear() -> tuple[str, str, gr.Row, gr.HTML]:
        return Shapes.ASK, "", gr.Row(visible=False), gr.HTML(visible=False)

    if examples.available():
        # Once the page is there; whoever is faster with pictures of their own does not see it.
        gr.on(None, compare.example, None, shown, show_progress="hidden", **PRIVATE, **ONE_AT_A_TIME)
    swap.click(None, images, images, js="(reference, distorted) => [distorted, reference]")
    endpoint = {"api_name": "compare", "api_description": "DeepMSE of a distorted image against its reference."}
    for choice, pressed, api in (
        (Shapes.ASK, button, endpoint),
        (Shapes.CROP, crop, PRIVATE),
        (Shapes.FIT, fit, PRIVATE),
    ):
        # Kept for who shares the result.
        pressed.click(None, None, shapes, js=f"() => '{choice}'", **PRIVATE)
        answer_at(
            pressed,
            compare.__call__,
            [*images, others, shapes],
            (data, result),
            js=f"(...values) => [...values.slice(0, -1), '{choice}']",
            **api,
        ).then(
            partial(_question, setup, choice),
            images,
            [question, crop, fit],
            preprocess=False,
            show_progress="hidden",
            **PRIVATE,
            **ONE_AT_A_TIME,
        )
    for listen in (cancel.click, *(image.change for image in images)):
        listen(clear, None, [shapes, result, question, shown], **PRIVATE, queue=False)


def _question(
    setup: Setup, shapes: Shapes, reference: Upload | None, distorted: Upload | None
) -> tuple[gr.Row, gr.Button, gr.Button]:
    """The choice of what to do with pictures of different shapes, which is hidden where there is none."""
    nothing = gr.Row(visible=False), gr.Button(), gr.Button()
    if shapes is not Shapes.ASK:
        return nothing
    try:
        original = read(setup.uploads, "reference", reference)
        picture = read(setup.uploads, "distorted", distorted)
    except DeepMSEError:
        # The comparison has said so.
        return nothing
    if not differ(original, picture):
        return nothing
    width, height = common(original, picture)
    return gr.Row(visible=True), gr.Button(f"Crop both to {width} × {height}"), gr.Button("Fit: stretch both")


TAB: Final = Tab("Compare", build, STYLE + viewer.STYLE)


def result_html(found: Findings, pictures: str, asked: Sequence[str] = ()) -> str:
    """A comparison's result.

    Args:
        found: what was found, by DeepMSE and others
        pictures: the viewer of both pictures, as HTML
        asked: questions to the visitor that the pictures raise
    """
    score = found.main.value
    standing = view.stands(found.settings, found.metric, score)
    compared = standing or any(
        view.stands(found.settings, reading.metric, reading.value)
        for reading in found.others
        if reading.value is not None
    )
    return f"""
<section class="dm-result" aria-label="Result">
  <div role="status">
    {"".join(f'<p class="dm-hint">{escape(question)}</p>' for question in asked)}
    <h2>{escape(found.metric.title)}</h2>
    <p class="dm-score" data-testid="score">{number(score)}</p>
    {f'<p class="dm-like">{escape(view.like(standing))}</p>' if standing and score else ""}
    <p>{_meaning(score)}</p>
  </div>
  <div>{_bars(stages_of(found))}</div>
  {pictures}
  {view.others(found.others, found.settings)}
  {f'<p class="dm-caption dm-wide">{escape(view.yardstick())}</p>' if compared else ""}
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
    <h2>Stage by stage</h2>
    <dl class="dm-bars">{rows}</dl>
    <p class="dm-caption">The error at five depths of the network, from fine detail at the top to content at the
    bottom. The score is their mean.</p>
"""
