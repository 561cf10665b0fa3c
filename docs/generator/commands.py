"""The reference of commands, by Typer itself."""

from __future__ import annotations

import re
from pathlib import Path

import typer
from deepmse.app.cli import app
from typer.cli import get_docs_for_click


def pages(root: Path) -> dict[str, str]:
    """A page for every command."""
    command = typer.main.get_command(app)
    text = get_docs_for_click(
        obj=command, ctx=command.context_class(command, info_name="deepmse"), name="deepmse", title="Commands"
    )
    # The list of commands cuts their first sentences short; each has its own heading anyway.
    text = re.sub(r"\*\*Commands\*\*:\n\n(\* .*\n)+", "", text)
    return {"commands.md": text}
