"""The web page: its tabs, and the server."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import gradio as gr
from gradio.utils import get_upload_folder

from . import archives, view
from .style import STYLE
from .tabs import batch, codecs, compare, judge
from .tabs.base import Setup

TABS: Final = (
    compare.TAB,
    judge.TAB,
    batch.TAB,
    codecs.TAB,
)

#: Of an upload, which may be an archive of pictures.
MAX_FILE_SIZE: Final = archives.MAX_BYTES

#: Every ten minutes, uploads older than an hour are deleted.
CACHE_LIFETIME_S: Final = (600, 3600)

MAX_WAITING: Final = 32


def build(weights: Path | None = None, device: str = "auto") -> gr.Blocks:
    """Build the page.

    Args:
        weights: file or folder of DeepMSE's weights; None searches for them
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
    """
    with gr.Blocks(title="DeepMSE", analytics_enabled=False, delete_cache=CACHE_LIFETIME_S) as page:
        setup = Setup(get_upload_folder, weights, device, delete_later=page.upload_file_set.add)
        gr.HTML(view.HEADER)
        with gr.Tabs():
            for tab in TABS:
                with gr.Tab(tab.title):
                    tab.build(setup)
    return page.queue(max_size=MAX_WAITING)


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
        css="".join((STYLE, *(tab.style for tab in TABS))),
        footer_links=[],
        run_history=False,
    )
