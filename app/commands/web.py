"""The web page: app."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...plugin.errors import UsageError
from .options import Device, WeightsPath


def web(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 7860,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    device: Device = "auto",
    weights: WeightsPath = None,
    models: Annotated[
        list[Path] | None,
        typer.Option(
            "--model",
            metavar="MODEL.safetensors",
            help="A model that deepmse train wrote, to be offered under its file's name; repeatable.",
            show_default="none",
        ),
    ] = None,
) -> None:
    """Open a web page that compares two pictures, judges one, scores many, and tries codecs."""
    from ...plugin.metrics import register_model
    from ..web.page import serve

    for model in models or ():
        register_model(model)

    try:
        serve(port=port, host=host, device=device, weights=weights)
    except OSError as error:
        raise UsageError(
            f"no page at {host}, port {port}: taken or not to be had; choose another by --port"
        ) from error
