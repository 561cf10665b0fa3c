"""Compress a picture by several codecs at several qualities: what each byte buys, and which file is small enough."""

from __future__ import annotations

from typing import Any, Final

import gradio as gr

from .....plugin.errors import DeepMSEError
from .....plugin.images import decode
from ... import examples, viewer
from ...components import example_buttons, picture_input, viewable
from ...ladders import CODECS, Ladder
from ..base import Setup, Tab
from .answer import CodecAnswer
from .style import SCRIPT, STYLE
from .words import size

INTRODUCTION: Final = """
<p class="dm-intro">How small can a file be, and still look like the picture? Each codec writes it at a ladder of
qualities, and every file is compared with the original.</p>
"""

#: Making a ladder takes long: it has a place of its own in the queue.
ONE_LADDER_AT_A_TIME: Final[dict[str, Any]] = {"concurrency_limit": 1, "concurrency_id": "ladders"}

FORGET_S: Final = 3600


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
            absent = "".join(f"<p>{codec.name}: {codec.lack()}</p>" for codec in CODECS if not codec.is_here)
            gr.HTML(absent, visible=bool(absent), elem_classes="dm-absent")
            metrics = gr.Dropdown(
                [(metric.title, metric.name) for metric in answer.maker.offered],
                # DeepMSE, or where its weights are not here what is next.
                value=[metric.name for metric in answer.maker.offered[:1]],
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
        pictures = gr.HTML(js_on_load=viewer.SCRIPT)
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
        answer.codecs,
        [picture, codecs, metrics],
        [gr.JSON(visible=False), result, state],
        preprocess=False,
        show_progress="hidden",
        api_name="codecs",
        api_description="Sizes and scores of a picture at a ladder of qualities, by several codecs.",
        **ONE_LADDER_AT_A_TIME,
    )
    compressing.then(lambda: running(False), None, [button, stop], **private)
    stop.click(answer.stopping.ask, None, None, **private)
    picture.change(lambda: ("", gr.Column(visible=False)), None, [result, shown], **private)

    def show(ladder: Ladder | None, event: gr.EventData) -> tuple[Any, ...]:
        return _shown(setup, ladder, event)

    result.select(show, state, [shown, pictures, download], **private).then(
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
    paths = viewable(setup.place, images)
    name = f"{ladder.picture.name.rpartition('.')[0] or ladder.picture.name}-{step.setting}{step.codec.suffix}"
    file = setup.download(name.replace("/", "_").replace("\\", "_")[-120:])
    file.write_bytes(step.path.read_bytes())
    pictures = viewer.html(
        "Beside the original",
        dict(zip(("Original", step.name), paths, strict=True)),
        images[0].size,
        series=ladder.picture.path,
    )
    return (
        gr.Column(visible=True),
        f'<section class="dm-result" aria-label="File beside the original">{pictures}</section>',
        gr.DownloadButton(f"Download {step.name} ({size(step.size)})", value=str(file)),
    )


TAB: Final = Tab("Codecs", build, STYLE)
