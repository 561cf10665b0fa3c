"""What is installed: doctor, weights, plugin."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ...plugin.errors import DeepMSEError, UsageError
from .. import terminal
from .help import Commands


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


weights_app = Commands(
    help="Network weights: where they are, whether they are whole, how to get them.", no_args_is_help=True
)


@weights_app.command("list")
def weights_list(
    as_json: Annotated[bool, typer.Option("--json", help="Print the list as JSON.")] = False,
) -> None:
    """Show which weights each metric needs, which are here, and how to get the others. Nothing is downloaded."""
    from ...plugin.metrics.inventory import inventory
    from ...plugin.weights import sha256

    files = inventory()
    if as_json:
        print(json.dumps([asdict(file) for file in files], indent=2, ensure_ascii=False, default=str))
        return
    rows = [
        (
            file.name,
            ", ".join(file.metrics),
            sha256(file.path)[:12] if file.path else "missing",
            str(file.path or file.source),
        )
        for file in files
    ]
    columns = ("weights", "for", "SHA-256", "file, or where it is to be had")
    terminal.out.print(terminal.table("", columns, rows, left=len(columns)))
    terminal.warn(file.warning for file in files if file.warning)


@weights_app.command("fetch")
def weights_fetch(
    folder: Annotated[Path, typer.Argument(help="Where to put the files; set DEEPMSE_WEIGHTS to it afterwards.")],
    network: Annotated[
        list[str] | None,
        typer.Argument(
            help="Networks to fetch: of the metrics squeezenet1_1, alexnet, vgg16 and vgg19, or one of "
            "`deepmse features --list` by its library's name.",
            show_default="squeezenet1_1",
        ),
    ] = None,
) -> None:
    """Download networks' weights."""
    from ...plugin.metrics.inventory import networks
    from ...plugin.networks.backbones import downloads
    from ...plugin.weights import fetch

    known = networks()
    wanted = network or ["squeezenet1_1"]
    if not known.keys() >= set(wanted):
        known = downloads() | known
    for name in wanted:
        if name not in known:
            raise UsageError(f"no network {name!r}; there are {', '.join(known)}")
    for name in wanted:
        print(fetch(known[name], folder))


@weights_app.command("verify")
def weights_verify(
    path: Annotated[
        Path | None, typer.Argument(help="A weights file, or a folder that has it.", show_default="search")
    ] = None,
) -> None:
    """Check that SqueezeNet's weights are known ones and fit the network."""
    from ...plugin.networks.squeezenet import build

    _, found = build(path)
    if found.warning:
        raise DeepMSEError(found.warning)
    print(f"{found.path}: {found.name}, SHA-256 {found.sha256}")


plugin_app = Commands(help="The FiftyOne plugin.", no_args_is_help=True)


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
