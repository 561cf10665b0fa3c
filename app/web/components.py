"""The pieces that tabs are put together from: inputs, examples, the choice of metrics, the way to an answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial, wraps
from pathlib import Path
from typing import Any, Final

import gradio as gr
from gradio.events import Dependency
from PIL import Image

from ...plugin.metrics import MetricInfo
from .answers import Answer, inspect
from .uploads import Role, Uploads

#: Decoding and scoring share one place in the queue, so memory stays bounded however many visitors there are.
ONE_AT_A_TIME: Final[dict[str, Any]] = {"concurrency_limit": 1, "concurrency_id": "pictures"}

#: Larger pictures are shown smaller: browsers and networks take long over tens of megabytes.
MAX_VIEWED_PIXELS: Final = 6_000_000


def picture_input(uploads: Uploads, role: Role, label: str, description: str) -> gr.Image:
    """An input for one picture, with a line below that says what was uploaded.

    Args:
        uploads: tells the folder that uploads are in
        role: what the picture is for
        label: title of the input
        description: what the picture is, for screen readers
    """
    with gr.Column(min_width=280, elem_classes="dm-input"):
        image = gr.Image(
            label=label,
            alt_text=description,
            sources=["upload", "clipboard"],
            buttons=["fullscreen"],
            height=320,
            elem_id=f"{role}-image",
        )
        note = gr.HTML(elem_id=f"{role}-note")
    image.change(
        partial(inspect, uploads, role),
        image,
        note,
        preprocess=False,
        api_visibility="private",
        **ONE_AT_A_TIME,
    )
    return image


def example_buttons(makers: Mapping[str, Callable[[], object]], images: list[gr.Image]) -> None:
    """A button an example, which puts its pictures into the inputs; nothing where there are no examples."""
    if not makers:
        return
    with gr.Row(elem_classes="dm-examples"):
        gr.HTML("<p>Examples</p>")
        for title, make in makers.items():
            button = gr.Button(title, size="sm", scale=0, min_width=70)
            button.click(make, None, images, api_visibility="private", **ONE_AT_A_TIME)


def metric_choice(metrics: Sequence[MetricInfo]) -> gr.Dropdown:
    """A choice of metrics to compute beside the tab's own."""
    return gr.Dropdown(
        [(metric.title, metric.name) for metric in metrics],
        value=[],
        multiselect=True,
        label="Other metrics",
        elem_classes="dm-choice",
    )


def answer_at(
    button: gr.Button,
    answer: Callable[..., Answer],
    inputs: Sequence[gr.components.Component],
    outputs: tuple[gr.JSON, gr.HTML],
    **api: str,
) -> Dependency:
    """Answer at the button.

    Args:
        button: the button
        answer: takes the values of the inputs; a function or method, whose docstring tells the API what each is
        inputs: what the answer depends on
        outputs: where the answer goes, as data and as HTML
        api: name, description and visibility of the endpoint, and what the browser makes of the inputs before

    Returns:
        the answer's event, for what comes after it
    """
    # Gradio tells agents a function's name, and what its docstring says of each input.
    named = wraps(answer)(lambda *given: answer(*given))
    named.__name__ = api.get("api_name", "answer")
    answered: Dependency = button.click(named, list(inputs), list(outputs), preprocess=False, **api, **ONE_AT_A_TIME)
    return answered


def viewable(place: Callable[[str], Path], images: Sequence[Image.Image]) -> tuple[str, ...]:
    """Files that a browser shows of pictures, pixel by pixel where they are not too large, all of the first's size.

    Args:
        place: makes the path of a new file from its suffix
        images: the pictures
    """
    width, height = images[0].size
    shrink = min(1, math.sqrt(MAX_VIEWED_PIXELS / (width * height)))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    paths = []
    for image in images:
        path = place(".png")
        (image if image.size == size else image.resize(size)).save(path, compress_level=1)
        paths.append(str(path))
    return tuple(paths)
