"""The web page: app."""

from __future__ import annotations

from typing import Annotated

import typer

from .options import Device, WeightsPath


def web(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 7860,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    device: Device = "auto",
    weights: WeightsPath = None,
) -> None:
    """Open a web page that compares two pictures, or judges one by itself."""
    from ..web import serve

    serve(port=port, host=host, device=device, weights=weights)
