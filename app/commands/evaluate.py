"""Agreement of scores with opinion: evaluate."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from ...plugin.errors import UsageError
from .. import terminal

_TITLES = {"srcc": "SRCC", "krcc": "KRCC", "plcc": "PLCC", "rmse": "RMSE", "srcc_within": "SRCC within"}


def evaluate(
    scores: Annotated[
        Path,
        typer.Argument(metavar="SCORES.csv", help="CSV file with a column of target values and columns of scores."),
    ],
    target: Annotated[str, typer.Option(help="Column of the target, such as mos or dmos.")],
    lower_is_better: Annotated[
        bool, typer.Option("--lower-is-better", help="Lower target values mean better quality, as with DMOS.")
    ] = False,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            "-m",
            metavar="COL",
            help="Column of scores; repeatable. COL:lower or COL:higher declares the direction of an unknown metric.",
            show_default="every known metric",
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="COL", help="Also evaluate within each value of this column.")
    ] = None,
    within: Annotated[
        str | None,
        typer.Option(metavar="COL", help="Also average SRCC within each value of this column, such as ref."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Correlate scores with a target such as MOS, overall and by group.

    SRCC, KRCC (tau-b), and PLCC and RMSE after a monotone 5-parameter logistic fit. Scores and target are each turned
    so that higher is better: a positive correlation means that they agree, a negative one that they do not.
    """
    from ...plugin.evaluation import evaluate as run
    from ...plugin.tables import read_table

    table = read_table(scores)
    table.require(target, *(column for column in (by, within) if column))
    directions = _directions(metric, table.columns)
    result = run(
        {column: table.numbers(column) for column in directions},
        table.numbers(target),
        target_name=target,
        target_lower_is_better=lower_is_better,
        lower_is_better=directions,
        groups=[row[by] for row in table.rows] if by else None,
        references=[row[within] for row in table.rows] if within else None,
    )
    if as_json:
        print(json.dumps(result.to_dict(), indent=2, ensure_ascii=False, allow_nan=False))
        return
    terminal.out.print(evaluation_table(result, by))
    for row in result.rows:
        if row.reason:
            terminal.err.print(
                f"{row.metric}, {terminal.escaped(row.group)}: {terminal.escaped(row.reason)}", soft_wrap=True
            )


def _directions(metrics: list[str] | None, columns: tuple[str, ...]) -> dict[str, bool]:
    """Columns to evaluate, each with whether lower is better."""
    from ...plugin.metrics import find_by_field

    if metrics is None:
        known = {column: info.lower_is_better for column in columns if (info := find_by_field(column))}
        if not known:
            raise UsageError(f"no column is named after a known metric; name one with -m ({', '.join(columns)})")
        return known
    directions = {}
    for name in metrics:
        column, _, direction = name.rpartition(":") if name.endswith((":lower", ":higher")) else (name, "", "")
        info = find_by_field(column.replace("-", "_"))
        column = info.field if info and column not in columns else column
        if not direction and info is None:
            terminal.warn([f"{column} is no known metric: taking higher as better; say {column}:lower if it is not"])
        directions[column] = direction == "lower" if direction else bool(info and info.lower_is_better)
    return directions


def evaluation_table(result: Any, by: str | None) -> Any:
    """A :class:`~..plugin.evaluation.Evaluation` for the terminal."""
    has_within = any(row.n_within for row in result.rows)
    statistics = ("srcc", "krcc", "plcc", "rmse", *(["srcc_within"] if has_within else []))
    return terminal.table(
        f"Agreement with {result.target}",
        ("metric", by or "group", "n", *(_TITLES[name] for name in statistics), "fit"),
        (
            (
                row.metric,
                row.group,
                str(row.n),
                *(terminal.number(getattr(row, name)) for name in statistics),
                row.fit or "–",
            )
            for row in result.rows
        ),
        left=2,
    )
