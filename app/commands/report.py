"""A report on scores as one HTML file: report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ...plugin.errors import UsageError
from .. import terminal
from .compared import picture_column, score_columns
from .labels import TargetLowerIsBetter, direction_of
from .options import DistColumn

_GROUP = "distortion"


def report(
    scores: Annotated[
        Path,
        typer.Argument(metavar="SCORES.csv", help="What deepmse score or deepmse issues wrote, or any such table."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT.html", help="The file to write.", dir_okay=False)],
    target: Annotated[
        str | None, typer.Option(help="Column of opinions, such as mos, to compare the scores with.")
    ] = None,
    lower_is_better: TargetLowerIsBetter = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            "-m",
            metavar="COL",
            help="Column of scores, the first ranks the images; repeatable. COL:lower or COL:higher declares the "
            "direction of an unknown metric.",
            show_default="every known metric",
        ),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(
            metavar="COL", help="Compare within each value of this column.", show_default="distortion, where it is"
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=0, metavar="N", help="How many of the worst and the best to show.")] = 8,
    title: Annotated[str | None, typer.Option(help="Of the report.", show_default="the table's name")] = None,
    dist_column: DistColumn = "dist",
) -> None:
    """Write a report for somebody without any of this: one HTML file with its pictures in it, and no network.

    How the scores spread, the worst and the best, issues, agreement with opinion within each distortion with its
    intervals, what failed, and how it was computed.
    """
    from ...plugin.files import written_whole
    from ...plugin.report import Scored, from_table, html_of
    from ...plugin.tables import read_table

    if out.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{out}: a report's name ends in .html")
    table = read_table(scores)
    columns = score_columns(metric, table)
    by = by or (_GROUP if target and _GROUP in table.columns else None)
    content = from_table(
        table,
        [Scored(column, column, each.lower_is_better) for column, each in columns.items()],
        title=title or scores.name,
        dist=dist_column,
        target=target,
        target_lower_is_better=target is not None and direction_of(target, lower_is_better, table.columns),
        by=by,
        cluster=picture_column(table),
        top=top,
        settings=_settings(scores),
    )
    with written_whole(out) as unfinished:
        unfinished.write_text(html_of(content), encoding="utf-8")
    terminal.err.print(f"{content.images:,} images → {terminal.escaped(out)}", soft_wrap=True)


def _settings(scores: Path) -> dict[str, Any]:
    """What the run's record beside a table says, if there is one."""
    record = Path(f"{scores}.run.json")
    if not record.is_file():
        return {}
    try:
        return {record.name: json.loads(record.read_text(encoding="utf-8"))["run"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{record}: is damaged or no record of a run ({error}); remove it") from error
