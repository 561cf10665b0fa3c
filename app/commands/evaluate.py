"""Agreement of scores with opinion: evaluate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...plugin.errors import UsageError
from ...plugin.vocabulary import RESAMPLES, disagreement
from .. import terminal
from ..evaluation_figures import FigureName, Subject, draw, heading
from .compared import picture_column, score_columns, without_learnt
from .labels import TargetLowerIsBetter, direction_of

if TYPE_CHECKING:
    from ...plugin.evaluation import Evaluation, PairTest, Row, Significance
    from ...plugin.evaluation.filtering import Filtered
    from ...plugin.tables import Table

_TITLES = {
    "srcc": "SRCC",
    "krcc": "KRCC",
    "plcc": "PLCC",
    "rmse": "RMSE",
    "outlier_ratio": "outliers",
    "srcc_within": "SRCC within",
}
_TESTS = {"bootstrap": "bootstrap", "steiger": "Steiger", "williams": "Williams", "f": "F", "t": "t"}


def evaluate(
    scores: Annotated[
        Path,
        typer.Argument(metavar="SCORES.csv", help="CSV file with a column of target values and columns of scores."),
    ],
    target: Annotated[str, typer.Option(help="Column of the target, such as mos or dmos.")],
    lower_is_better: TargetLowerIsBetter = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            "-m",
            metavar="COL",
            help="Column of scores, or the file of the model behind it; repeatable. COL:lower or COL:higher declares "
            "the direction of an unknown metric.",
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
    target_std: Annotated[
        str | None,
        typer.Option(metavar="COL", help="Column of the opinions' standard deviations: adds the outlier ratio."),
    ] = None,
    cluster: Annotated[
        str | None,
        typer.Option(
            metavar="COL",
            help="Column of what was sampled together, for intervals and tests: images of one reference or picture.",
            show_default="ref or quality_source, where there is such a column",
        ),
    ] = None,
    unseen: Annotated[
        bool, typer.Option("--unseen", help="Leave out the images that a model among the scores learnt from.")
    ] = False,
    resamples: Annotated[
        int, typer.Option(min=0, metavar="N", help="Of the bootstrap, for 95 % intervals; 0 leaves them out.")
    ] = RESAMPLES,
    intervals: Annotated[
        bool, typer.Option("--intervals/--no-intervals", help="Give 95 % intervals beside the statistics.")
    ] = True,
    significance: Annotated[
        bool, typer.Option("--significance", help="Also test every two metrics against each other.")
    ] = False,
    worst: Annotated[
        float | None,
        typer.Option(
            metavar="PERCENT", help="Also tell what people think of the images that score worst, such as 5 %."
        ),
    ] = None,
    latex: Annotated[bool, typer.Option("--latex", help="Print the result as LaTeX tables (booktabs).")] = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the result as Markdown tables.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    plot: Annotated[
        Path | None, typer.Option(metavar="OUT.png|svg|pdf|html", help="Also save a figure.", dir_okay=False)
    ] = None,
    figure: Annotated[FigureName, typer.Option(help="Which figure --plot saves.")] = FigureName.HEATMAP,
) -> None:
    """Correlate scores with a target such as MOS, overall and by group.

    SRCC, KRCC (tau-b), and PLCC and RMSE after a monotone 5-parameter logistic fit, each with its 95 % confidence
    interval from a bootstrap of references. Scores and target are each turned so that higher is better: a positive
    correlation means that they agree, a negative one that they do not.
    """
    from ...plugin.evaluation import compare_metrics, filtering
    from ...plugin.evaluation import evaluate as run
    from ...plugin.tables import read_table

    if latex + markdown + as_json > 1:
        raise UsageError("--latex, --markdown and --json: choose one")
    table = read_table(scores)
    table.require(target, *(column for column in (by, within, target_std, cluster) if column))
    lower = direction_of(target, lower_is_better, table.columns)
    columns = score_columns(metric, table)
    directions = {name: column.lower_is_better for name, column in columns.items()}
    table = without_learnt(table, columns, leave_out=unseen)
    values = {column: table.numbers(column) for column in directions}
    targets = table.numbers(target)
    sampled = cluster or picture_column(table)
    settings: dict[str, Any] = {
        "lower_is_better": directions,
        "target_lower_is_better": lower,
        "clusters": _column(table, sampled),
    }
    result = run(
        values,
        targets,
        target_name=target,
        groups=_column(table, by),
        references=_column(table, within),
        target_std=table.numbers(target_std) if target_std else None,
        resamples=resamples if intervals else 0,
        **settings,
    )
    compared = compare_metrics(values, targets, resamples=resamples, **settings) if significance else None
    filtered = {
        name: filtering.worst(
            values[name], targets, worst, lower_is_better=directions[name], target_lower_is_better=lower
        )
        for name in values
        if worst is not None
    }
    if plot is not None:
        _save(plot, figure, Subject(result, compared, values, targets, lower, _column(table, by), scores.name))
    if sampled and not cluster and ((resamples and intervals) or significance):
        terminal.err.print(f"intervals and tests take the images of one {sampled} together; --cluster names another")
    if result.disagrees:
        terminal.warn(
            [
                f"{disagreement(target, lower)}; if it is not, say "
                f"{'--higher-is-better' if lower else '--lower-is-better'}"
            ]
        )
    if as_json:
        found = result.to_dict() | {"lower_is_better": lower, "clusters": sampled}
        found["resamples"] = resamples if intervals else 0
        if compared is not None:
            found["significance"] = compared.to_dict()
        if worst is not None:
            found["worst"] = {"percent": worst, "metrics": {name: asdict(each) for name, each in filtered.items()}}
        print(json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False))
    elif latex or markdown:
        _print_source(result, compared, latex)
        if compared is not None and compared.reason:
            terminal.err.print(f"significance: {compared.reason}", soft_wrap=True)
    else:
        terminal.out.print(evaluation_table(result, by))
        if compared is not None and compared.pairs:
            terminal.out.print(significance_table(compared))
        if worst is not None:
            terminal.out.print(_filtered_table(filtered, target, worst))
        print_reasons(result, compared)


def _filtered_table(filtered: Mapping[str, Filtered], target: str, percent: float) -> Any:
    return terminal.table(
        f"The worst {percent:g} % by each metric",
        ("metric", "images", f"mean {target}", f"percentile of {target}", "mean of the others"),
        (
            (
                name,
                f"{each.n:,}",
                terminal.number(each.mean),
                f"{each.percentile:.1f}",
                terminal.number(each.mean_of_others),
            )
            for name, each in filtered.items()
        ),
    )


def _column(table: Table, name: str | None) -> list[str] | None:
    return [row[name].strip() for row in table.rows] if name else None


def _save(path: Path, name: FigureName, subject: Subject) -> None:
    from ...plugin.figures.export import save

    save(*draw(name, subject), path, heading(name, subject))
    terminal.err.print(f"{terminal.escaped(path)}: the figure {name}", soft_wrap=True)


def _print_source(result: Evaluation, compared: Significance | None, latex: bool) -> None:
    from ...plugin.evaluation import export

    print(export.to_latex(result) if latex else export.to_markdown(result), end="")
    if compared is not None and compared.pairs:
        matrix = export.significance_to_latex if latex else export.significance_to_markdown
        print(f"\n{matrix(compared)}", end="")


def print_reasons(result: Evaluation, compared: Significance | None = None) -> None:
    """Say why statistics, intervals and tests are missing, each reason once."""
    reasons: dict[str, list[str]] = {}
    for row in result.rows:
        for reason in (row.reason, row.intervals_reason):
            if reason:
                reasons.setdefault(reason, []).append(f"{row.metric}, {row.group}")
    if compared is not None and compared.reason:
        reasons[compared.reason] = ["significance"]
    for pair in compared.pairs if compared is not None else ():
        for test, reason in pair.reasons.items():
            reasons.setdefault(reason, []).append(f"{pair.first} and {pair.second}, {_TESTS[test]}")
    for reason, subjects in reasons.items():
        others = f" and {len(subjects) - 1} more" if len(subjects) > 1 else ""
        terminal.err.print(terminal.escaped(f"{subjects[0]}{others}: {reason}"), soft_wrap=True)


def evaluation_table(result: Evaluation, by: str | None) -> Any:
    """An evaluation for the terminal."""
    from ...plugin.evaluation import export

    statistics = export.columns(result)
    return terminal.table(
        f"Agreement with {result.target}",
        ("metric", by or "group", "n", *(_TITLES[name] for name in statistics), "fit"),
        (
            (row.metric, row.group, str(row.n), *(_cell(row, name) for name in statistics), row.fit or "–")
            for row in result.rows
        ),
        left=2,
    )


def _cell(row: Row, statistic: str) -> str:
    """A statistic, and its interval without spaces: where there is no room it goes to the next line whole."""
    from ...plugin.evaluation import export

    value = export.number(statistic, getattr(row, statistic))
    if statistic not in row.intervals:
        return value
    low, high = (export.number(statistic, end) for end in row.intervals[statistic])
    return f"{value} [{low},{high}]"


def significance_table(significance: Significance) -> Any:
    """Comparisons of metrics for the terminal, p-values after Holm's correction."""
    return terminal.table(
        f"p-values after Holm's correction, * below {significance.alpha:g}",
        ("metric", "metric", "SRCC difference", *_TESTS.values()),
        (
            (
                pair.first,
                pair.second,
                _difference(pair),
                *(_p(pair.p_holm[test], pair.better(test)) for test in _TESTS),
            )
            for pair in significance.pairs
        ),
        left=2,
    )


def _difference(pair: PairTest) -> str:
    if pair.srcc_difference is None:
        return terminal.number(None)
    interval = "" if pair.interval is None else " [{:+.4f},{:+.4f}]".format(*pair.interval)
    return f"{pair.srcc_difference:+.4f}{interval}"


def _p(p: float | None, better: str | None) -> str:
    value = "<0.0001" if p is not None and p < 0.00005 else terminal.number(p)
    return f"{value}{'*' if better else ''}"
