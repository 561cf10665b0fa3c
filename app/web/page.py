"""The web page: its tabs, and the server."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import gradio as gr
from gradio import processing_utils
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from . import archives, share, storage, view
from .guard import Guard
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

MAX_WAITING: Final = 32


@dataclass(frozen=True)
class Address:
    """Where a page is, and who may see it.

    Args:
        port: TCP port
        host: address to listen on; the default admits this machine only
        root_path: path that a reverse proxy puts the page at, or its whole address; None if there is no proxy
        users: names and passwords of those who may see the page; none for everybody
        mcp: whether agents may use the endpoints by the Model Context Protocol
    """

    port: int
    host: str = "127.0.0.1"
    root_path: str | None = None
    users: Sequence[tuple[str, str]] = ()
    mcp: bool = False

    @property
    def is_local(self) -> bool:
        """Whether only this machine reaches it: a proxy's visitors would seem to come from here."""
        return self.host in ("127.0.0.1", "::1", "localhost") and self.root_path is None and not self.users


# Endpoints answer with data. Gradio would add the HTML that people see, which agents would have to read, pictures and
# all; and it writes stubs into the source folder for a subclass that would not.
gr.HTML.skip_api = property(lambda _: True)


def build(weights: Path | None = None, device: str = "auto", *, is_local: bool = False) -> gr.Blocks:
    """Build the page.

    Args:
        weights: file or folder of DeepMSE's weights; None searches for them
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
        is_local: whether only this machine reaches it
    """
    with gr.Blocks(title="DeepMSE", analytics_enabled=False) as page:
        setup = Setup(storage.upload_folder, weights, device, is_local)
        gr.HTML(view.HEADER)
        arrived = gr.Column()
        with gr.Tabs() as tabs:
            for tab in TABS:
                with gr.Tab(tab.title, id=tab.endpoint):
                    tab.build(setup)
                    share.build(page, setup, tab.endpoint)
        with arrived:
            share.arrive(page, setup, tabs, [tab.endpoint for tab in TABS])
    return page.queue(max_size=MAX_WAITING)


def serve(address: Address, *, weights: Path | None = None, device: str = "auto", open_browser: bool = False) -> None:
    """Serve the page until interrupted.

    Args:
        address: where it is, and for whom
        weights: file or folder of DeepMSE's weights; None searches for them
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
        open_browser: open the page in the default browser

    Raises:
        OSError: if the port is taken
    """
    # Ended by another program, the server tidies up as it does when a person interrupts it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with storage.folder_of_its_own() as folder:
        if address.mcp:
            _keep_files_of_agents_in(folder)
        else:
            _fetch_nothing()
        build(weights, device, is_local=address.is_local).launch(
            server_name=address.host,
            server_port=address.port,
            root_path=address.root_path,
            auth=list(address.users) or None,
            mcp_server=address.mcp,
            inbrowser=open_browser,
            share=False,
            ssr_mode=False,
            enable_monitoring=False,
            # Why a request cannot be answered, said to who sent it.
            show_error=True,
            max_file_size=MAX_FILE_SIZE,
            app_kwargs=_application(folder),
            theme=theme(),
            css="".join((STYLE, share.STYLE, *(tab.style for tab in TABS))),
            footer_links=["api"],
            run_history=False,
        )


def theme() -> gr.themes.Base:
    """The page's colours and fonts.

    Named fonts of Gradio's are fetched from Google where its package lacks them; the system's never are. White on the
    theme's own violet, and its quiet grey on white, have too little contrast.
    """
    return gr.themes.Base(
        primary_hue="violet", neutral_hue="slate", radius_size="lg", font="system-ui", font_mono="monospace"
    ).set(
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        link_text_color="*primary_600",
        link_text_color_dark="*primary_400",
        input_placeholder_color="*neutral_600",
        input_placeholder_color_dark="*neutral_300",
    )


def _application(folder: Path) -> dict[str, Any]:
    """What stands around Gradio's own application."""
    return {
        "lifespan": storage.swept(folder),
        "middleware": [Middleware(Guard, folder=folder)],
        "routes": [Route("/health", _health)],
    }


def _health(_: Request) -> JSONResponse:
    """That the server is there; for who watches over it, without a password."""
    return JSONResponse({"status": "ok", "version": version("fiftyone-deepmse")})


def _keep_files_of_agents_in(folder: Path) -> None:
    """Let Gradio put the files that agents send where uploads are; it has made up its mind when it was imported."""
    from gradio import mcp

    mcp.DEFAULT_TEMP_DIR = str(folder)


def _fetch_nothing() -> None:
    """Refuse files that clients name by an address elsewhere, which Gradio would fetch for them."""

    async def refused(url: str, cache_dir: str) -> str:
        raise gr.Error("This server fetches nothing from others. Upload the file.", print_exception=False)

    processing_utils.async_ssrf_protected_download = refused
