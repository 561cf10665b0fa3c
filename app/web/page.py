"""The web page: two pictures in, DeepMSE and a map of the error out; or one picture in, how good it looks out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import gradio as gr
from gradio.utils import get_upload_folder

from ...plugin.metrics import MetricInfo
from . import examples, view
from .answers import Answer, Comparison, Judgement, inspect
from .style import STYLE
from .uploads import Role

MAX_FILE_SIZE: Final = "64mb"

#: Every ten minutes, uploads older than an hour are deleted.
CACHE_LIFETIME_S: Final = (600, 3600)

#: Decoding and scoring share one place in the queue, so memory stays bounded however many visitors there are.
ONE_AT_A_TIME: Final[dict[str, Any]] = {"concurrency_limit": 1, "concurrency_id": "pictures"}
MAX_WAITING: Final = 32


def build(weights: Path | None = None, device: str = "auto") -> gr.Blocks:
    """Build the page.

    Args:
        weights: file or folder of DeepMSE's weights; None searches for them
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
    """
    with gr.Blocks(title="DeepMSE", analytics_enabled=False, delete_cache=CACHE_LIFETIME_S) as page:
        gr.HTML(view.HEADER)
        with gr.Tabs():
            with gr.Tab("Compare two pictures"):
                _comparing(Comparison(get_upload_folder, weights, device))
            with gr.Tab("Judge one picture"):
                _judging(Judgement(get_upload_folder, device))
    return page.queue(max_size=MAX_WAITING)


def _comparing(compare: Comparison) -> None:
    gr.HTML(view.COMPARING)
    with gr.Row():
        reference = _input("reference", "Reference: the original", "The reference image")
        distorted = _input("distorted", "Distorted: the copy", "The distorted image")
    images = [reference, distorted]
    with gr.Row(elem_classes="dm-actions"):
        button = gr.Button("Compare", variant="primary", scale=0, min_width=180)
        swap = gr.Button("⇄ Swap", scale=0, min_width=110)
        _examples(examples.pairs(), images)
    others = _others(compare.metrics.others)
    result = gr.HTML(elem_id="comparison", min_height=120)

    swap.click(None, images, images, js="(reference, distorted) => [distorted, reference]")
    _answering(
        button,
        compare,
        images,
        others,
        result,
        api_name="compare",
        api_description="DeepMSE of a distorted image against its reference: as data, and as the page's HTML.",
    )


def _judging(judge: Judgement) -> None:
    gr.HTML(view.JUDGING)
    with gr.Row():
        with gr.Column(min_width=280):
            picture = _input("picture", "Picture", "The picture to judge")
            with gr.Row(elem_classes="dm-actions"):
                button = gr.Button("Judge", variant="primary", scale=0, min_width=180)
                _examples(examples.singles(), [picture])
            others = _others(judge.metrics.others)
        with gr.Column(min_width=280):
            result = gr.HTML(view.NO_JUDGEMENT, elem_id="judgement", min_height=120)

    _answering(
        button,
        judge,
        [picture],
        others,
        result,
        empty=view.NO_JUDGEMENT,
        api_name="judge",
        api_description="How good an image looks, without a reference: as data, and as the page's HTML.",
    )


def _input(role: Role, label: str, description: str) -> gr.Image:
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
        partial(inspect, get_upload_folder, role),
        image,
        note,
        preprocess=False,
        api_visibility="private",
        **ONE_AT_A_TIME,
    )
    return image


def _examples(makers: Mapping[str, Callable[[], object]], images: list[gr.Image]) -> None:
    if not makers:
        return
    with gr.Row(elem_classes="dm-examples"):
        gr.HTML("<p>Examples</p>")
        for title, make in makers.items():
            button = gr.Button(title, size="sm", scale=0, min_width=70)
            button.click(make, None, images, api_visibility="private", **ONE_AT_A_TIME)


def _others(metrics: Sequence[MetricInfo]) -> gr.Dropdown:
    return gr.Dropdown(
        [(metric.title, metric.name) for metric in metrics],
        value=[],
        multiselect=True,
        label="Other metrics",
        elem_classes="dm-choice",
    )


def _answering(
    button: gr.Button,
    answer: Callable[..., Answer],
    images: list[gr.Image],
    others: gr.Dropdown,
    result: gr.HTML,
    *,
    empty: str = "",
    **api: str,
) -> None:
    """Answer at the button, and take the answer away when an image that it is about changes."""
    button.click(
        answer, [*images, others], [gr.JSON(visible=False), result], preprocess=False, **api, **ONE_AT_A_TIME
    )
    for image in images:
        image.change(lambda: empty, None, result, api_visibility="private", queue=False)


def serve(
    port: int,
    host: str = "127.0.0.1",
    *,
    weights: Path | None = None,
    device: str = "auto",
    open_browser: bool = False,
) -> None:
    """Serve the page until interrupted.

    Args:
        port: TCP port
        host: address to listen on; the default admits this machine only
        weights: file or folder of DeepMSE's weights; None searches for them
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
        open_browser: open the page in the default browser

    Raises:
        OSError: if the port is taken
    """
    build(weights, device).launch(
        server_name=host,
        server_port=port,
        inbrowser=open_browser,
        max_file_size=MAX_FILE_SIZE,
        # Named fonts of Gradio's are fetched from Google where its package lacks them; the system's never are.
        # White on the theme's own violet has too little contrast.
        theme=gr.themes.Base(
            primary_hue="violet", neutral_hue="slate", radius_size="lg", font="system-ui", font_mono="monospace"
        ).set(button_primary_background_fill="*primary_600", button_primary_background_fill_hover="*primary_700"),
        css=STYLE,
        footer_links=[],
        run_history=False,
    )
