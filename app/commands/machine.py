"""What is installed: doctor, weights, plugin."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ...plugin.errors import DeepMSEError
from .. import terminal


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Show what is installed and what is missing, with the fix for each. Exit status 1 if something is missing."""
    from rich.text import Text

    from ..doctor import Finding, examine

    findings: list[Finding] = []
    for finding in terminal.progress(examine(), "Looking", total=None):
        findings.append(finding)
    if as_json:
        print(json.dumps([finding.to_dict() for finding in findings], indent=2, ensure_ascii=False))
    else:
        marks = {
            "ok": Text("ok", "green"),
            "warning": Text("limited", "yellow"),
            "missing": Text("missing", "red"),
        }
        rows = [(f.name, marks[f.state], f.found, f.fix) for f in findings]
        terminal.out.print(terminal.table("", ("", "", "found", "fix"), rows, left=4))
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(1)


weights_app = typer.Typer(
    help="Network weights: where they are, whether they are whole, how to get them.", no_args_is_help=True
)


@weights_app.command("list")
def weights_list() -> None:
    """Show which weights would be used, and from where."""
    from ...plugin.models.squeezenet import SQUEEZENET1_1
    from ...plugin.models.weights import resolve

    found = resolve(SQUEEZENET1_1)
    rows = [(SQUEEZENET1_1.name, found.name, found.sha256[:12], str(found.path))]
    terminal.out.print(terminal.table("", ("network", "weights", "SHA-256", "file"), rows, left=4))
    terminal.warn([found.warning] if found.warning else [])


@weights_app.command("fetch")
def weights_fetch(
    folder: Annotated[Path, typer.Argument(help="Where to put the file; set DEEPMSE_WEIGHTS to it afterwards.")],
) -> None:
    """Download torchvision's SqueezeNet 1.1."""
    from ...plugin.models.squeezenet import SQUEEZENET1_1
    from ...plugin.models.weights import fetch

    print(fetch(SQUEEZENET1_1, folder))


@weights_app.command("verify")
def weights_verify(
    path: Annotated[Path, typer.Argument(help="A weights file, or a folder that has it.")],
) -> None:
    """Check that a weights file is a known one and fits its network."""
    from ...plugin.models.squeezenet import build

    _, found = build(path)
    if found.warning:
        raise DeepMSEError(found.warning)
    print(f"{found.path}: {found.name}, SHA-256 {found.sha256}")


plugin_app = typer.Typer(help="The FiftyOne plugin.", no_args_is_help=True)


@plugin_app.command("link")
def plugin_link() -> None:
    """Link this package into FiftyOne's plugins folder, so that the App loads it."""
    from ...plugin.store.config import plugins_dir
    from ..plugin_link import link

    print(link(plugins_dir()))


@plugin_app.command("unlink")
def plugin_unlink() -> None:
    """Undo "deepmse plugin link"."""
    from ...plugin.store.config import plugins_dir
    from ..plugin_link import unlink

    print(unlink(plugins_dir()) or "there was no link")
