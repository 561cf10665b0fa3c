"""The web page: app."""

from __future__ import annotations

from importlib.util import find_spec
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
    root_path: Annotated[
        str | None,
        typer.Option(
            metavar="PATH", help="Path that a reverse proxy has the page at, as /quality.", show_default="none"
        ),
    ] = None,
    auth_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Who may see the page: a line name:password each.",
            show_default="whoever reaches the port",
        ),
    ] = None,
    mcp: Annotated[
        bool,
        typer.Option("--mcp", help="Let agents use the page by the Model Context Protocol, at /gradio_api/mcp/."),
    ] = False,
) -> None:
    """Open a web page that compares two pictures, judges one, scores many, and tries codecs."""
    from ...plugin.metrics import register_model
    from ..web.page import Address, serve

    for model in models or ():
        register_model(model)
    if mcp and auth_file:
        raise UsageError(
            "--mcp has no passwords: leave --auth-file out, and put both behind a proxy that asks for one"
        )
    if mcp and find_spec("mcp") is None:
        raise UsageError("--mcp needs another package: pip install 'fiftyone-deepmse[mcp]'")
    address = Address(port, host, root_path, users_of(auth_file) if auth_file else (), mcp)
    try:
        serve(address, device=device, weights=weights)
    except OSError as error:
        raise UsageError(
            f"no page at {host}, port {port}: taken or not to be had; choose another by --port"
        ) from error


def users_of(path: Path) -> list[tuple[str, str]]:
    """Names and passwords of a file.

    Args:
        path: a file with a line ``name:password`` each; empty lines, and those that begin with ``#``, say nothing

    Raises:
        UsageError: if the file cannot be read, a line is none of these, a name comes twice, or nobody is named
    """
    from ...plugin.tables import read_text

    users: dict[str, str] = {}
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, password = line.partition(":")
        if not (name and colon and password) or name in users:
            # The line itself may be a password.
            raise UsageError(f"{path}: line {number} is no name:password of somebody new")
        users[name] = password
    if not users:
        raise UsageError(f"{path}: names nobody; write a line name:password for each who may see the page")
    return list(users.items())
