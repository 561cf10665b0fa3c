"""Score many pictures: files, a zip archive or a table of pairs; sort them, split them, take the good ones home."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import gradio as gr

from ...batches import Result, write_kept_pictures, write_scores
from ..base import Setup, Tab
from .answer import BatchAnswer
from .apps import Apps
from .html import picture_html
from .style import SCRIPT, STYLE

INTRODUCTION: Final = """
<p class="dm-intro">Many pictures, a zip archive of them, or pairs with a CSV file that names them in the columns
<code>dist</code> and <code>ref</code>: score them all, and keep the good ones.</p>
"""

NOTHING_CHOSEN: Final = '<p class="dm-nothing">Choose a row: its picture comes here.</p>'

#: A batch does not keep visitors with one picture waiting: it has a place of its own in the queue.
ONE_BATCH_AT_A_TIME: Final[dict[str, Any]] = {"concurrency_limit": 1, "concurrency_id": "batches"}

FORGET_S: Final = 3600

Write = Callable[[Result, float, Path], None]

#: Name and writer of each file that visitors take home, by the title of its button.
DOWNLOADS: Final[dict[str, tuple[str, Write]]] = {
    "All scores (CSV)": ("scores.csv", lambda result, _, path: write_scores(result, path)),
    "Kept (CSV)": ("kept.csv", lambda result, threshold, path: write_scores(result.only_kept(threshold), path)),
    "Kept pictures (zip)": ("kept.zip", lambda result, threshold, path: write_kept_pictures(result, threshold, path)),
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
                is_offered = setup.is_local and find_spec("fiftyone") is not None
                fiftyone = gr.Button("Open in FiftyOne", size="sm", scale=0, min_width=150, visible=is_offered)
            app = gr.HTML(elem_classes="dm-app")
        with gr.Column(scale=2, min_width=280):
            picture = gr.HTML(elem_id="batch-picture")
    download = gr.DownloadButton(visible="hidden", elem_id="batch-download")
    threshold = gr.Number(visible=False)

    def running(is_running: bool) -> tuple[gr.Button, gr.Button]:
        return gr.Button(visible=not is_running), gr.Button(visible=is_running)

    private: dict[str, Any] = {"api_visibility": "private", "queue": False, "show_progress": "hidden"}

    def begin(request: gr.Request) -> tuple[Any, ...]:
        answer.stopping.forget(request)
        return *running(True), gr.Row(visible=False), NOTHING_CHOSEN, ""

    button.click(begin, None, [button, stop, downloads, picture, app], **private)
    scoring = button.click(
        answer.batch,
        [files, metrics],
        [gr.JSON(visible=False), results, state],
        preprocess=False,
        show_progress="hidden",
        api_name="batch",
        api_description="Scores of many pictures or pairs: the rows that deepmse score writes.",
        **ONE_BATCH_AT_A_TIME,
    )
    scoring.then(
        lambda result: (*running(False), gr.Row(visible=result is not None and bool(result.scores))),
        state,
        [button, stop, downloads],
        **private,
    )
    stop.click(answer.stopping.ask, None, None, **private)
    results.select(picture_html, state, picture, **private).then(
        None,
        js="() => document.querySelector('#batch-picture').scrollIntoView({block: 'nearest', behavior: 'smooth'})",
    )
    fiftyone.click(Apps().open, state, app, api_visibility="private", concurrency_limit=1, concurrency_id="fiftyone")
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


TAB: Final = Tab("Batch", build, STYLE)
