"""Published tables measured again: reproduce."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...plugin.errors import UsageError
from .. import terminal
from .options import Device, WeightsPath

if TYPE_CHECKING:
    from ...plugin.reproduction import Outcome

SOME_MISSED = 4


def reproduce(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="Which one; “list” prints what there is.")],
    data: Annotated[
        list[str] | None,
        typer.Option(
            help="Folder of a dataset's name, or one that holds such folders, or NAME=FOLDER; repeatable.",
            metavar="ROOT",
            show_default="none",
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Where scores, tables and figures are written.")
    ] = Path("reproduction"),
    device: Device = "auto",
    weights: WeightsPath = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Measure a table or figure of a paper again, on the data at hand.

    Writes DIR/TABLE.md, .csv, .json and figures, and scores of datasets as they come: run it again after an
    interruption, and it goes on. A published number is never shown as measured. Exit status: 4 where something
    measured is off by more than the stated tolerance, else 0; 2 wrong usage.
    """
    from ...plugin import reproduction
    from ...plugin.reproduction.context import Context, find_datasets

    if table == "list":
        rows = [(each.name, each.title, ", ".join(each.datasets) or "none") for each in reproduction.REPRODUCTIONS]
        terminal.out.print(terminal.table("What can be measured again", ("name", "what", "datasets"), rows, left=3))
        return
    chosen = reproduction.reproduction(table)
    context = Context(
        out=out,
        roots=find_datasets(data or [], chosen.datasets),
        device=device,
        weights=weights,
        progress=terminal.progress,
    )
    outcome = reproduction.reproduce(table, context)
    _write(outcome, out)
    if as_json:
        print(json.dumps(outcome.to_dict(), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _show(outcome, out)
    if any(entry.verdict == "fail" for entry in outcome.entries):
        raise typer.Exit(SOME_MISSED)


def _write(outcome: Outcome, folder: Path) -> None:
    from ...plugin.figures.export import save

    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{outcome.name}.md").write_text(outcome.to_markdown(), encoding="utf-8")
        (folder / f"{outcome.name}.csv").write_text(outcome.to_csv(), encoding="utf-8")
        (folder / f"{outcome.name}.json").write_text(
            json.dumps(outcome.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
        )
    except OSError as error:
        raise UsageError(f"{folder}: cannot be written to ({error})") from error
    for name, figure in outcome.figures:
        for suffix in ("html", "png"):
            try:
                save(figure.data, figure.layout, folder / f"{outcome.name}.{name}.{suffix}")
            except UsageError as error:  # without plotly or a browser there is no figure, and still a table
                terminal.warn([str(error)])


def _show(outcome: Outcome, folder: Path) -> None:
    from ...plugin.reproduction.outcome import HEADINGS

    terminal.out.print(terminal.table(outcome.title, HEADINGS, (entry.cells() for entry in outcome.entries), left=2))
    for text in outcome.lacking:
        terminal.err.print(f"not at hand: {terminal.escaped(text)}", soft_wrap=True)
    for text in outcome.notes:
        terminal.err.print(terminal.escaped(text), soft_wrap=True)
    terminal.err.print(f"→ {terminal.escaped(folder / outcome.name)}.md, .csv, .json", soft_wrap=True)
