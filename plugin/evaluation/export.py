"""Tables for papers: CSV, Markdown and LaTeX (booktabs)."""

import csv
import io
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Final

from .report import ALL, Evaluation, Row
from .significance import Significance

MISSING: Final = "–"

_INTERVALS: Final = ("srcc", "krcc", "plcc", "rmse")
_TITLES: Final = {
    "srcc": "SRCC",
    "krcc": "KRCC",
    "plcc": "PLCC",
    "rmse": "RMSE",
    "outlier_ratio": "Outlier ratio",
    "srcc_within": "SRCC within",
}
_OPTIONAL: Final = ("outlier_ratio", "srcc_within")
_LOWER_IS_BETTER: Final = ("rmse", "outlier_ratio")

_LATEX: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "|": r"\textbar{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "[": "{[}",  # else the option of a line's end before it
        MISSING: "--",
        **{character: f"\\{character}" for character in "&%$#_{}"},
    }
)
_MARKDOWN: Final = str.maketrans({character: f"\\{character}" for character in r"\|*_`<["} | {"\n": " "})


@dataclass(frozen=True)
class _Style:
    escape: Callable[[str], str]
    bold: Callable[[str], str]
    minus: str


_IN_MARKDOWN = _Style(lambda text: text.translate(_MARKDOWN), lambda text: f"**{text}**", "-")
_IN_LATEX = _Style(lambda text: text.translate(_LATEX), lambda text: f"\\textbf{{{text}}}", "$-$")


def to_csv(evaluation: Evaluation) -> str:
    """Everything: one line a metric and group, interval ends as ``srcc_low`` and ``srcc_high``; missing is empty."""
    plain = [field.name for field in fields(Row) if field.name != "intervals"]
    ends = [f"{name}_{end}" for name in _INTERVALS for end in ("low", "high")]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*plain, *ends], restval="", lineterminator="\n")
    writer.writeheader()
    for row in evaluation.rows:
        values = asdict(row)
        for name, (low, high) in values.pop("intervals").items():
            values |= {f"{name}_low": low, f"{name}_high": high}
        writer.writerow(values)
    return text.getvalue()


def to_markdown(evaluation: Evaluation) -> str:
    """A table with the best value of each column and group in bold, and with intervals where there are any."""
    header, sections = _cells(evaluation, _IN_MARKDOWN)
    return _markdown(header, [line for section in sections for line in section], _n_left(evaluation))


def to_latex(evaluation: Evaluation) -> str:
    r"""The same as ``to_markdown`` as a ``tabular`` with rules between groups; it needs ``\usepackage{booktabs}``."""
    header, sections = _cells(evaluation, _IN_LATEX)
    return _latex(header, sections, _n_left(evaluation))


def significance_to_markdown(significance: Significance, test: str = "bootstrap") -> str:
    """The matrix of one test after Holm's correction.

    1: the metric of the row is significantly better than that of the column; -1: it is worse; 0: neither;
    a dash: they cannot be compared.
    """
    return _markdown(
        ["", *map(_IN_MARKDOWN.escape, significance.metrics)], _matrix(significance, test, _IN_MARKDOWN), 1
    )


def significance_to_latex(significance: Significance, test: str = "bootstrap") -> str:
    r"""The same as ``significance_to_markdown`` as a ``tabular`` that needs ``\usepackage{booktabs}``."""
    header = ["", *map(_IN_LATEX.escape, significance.metrics)]
    return _latex(header, [_matrix(significance, test, _IN_LATEX)], 1)


def number(statistic: str, value: float | None) -> str:
    """A statistic as text: shares and correlations with four decimals, errors with four digits."""
    if value is None:
        return MISSING
    decimals = 4
    if statistic == "rmse" and value > 0:
        decimals = min(max(0, 3 - math.floor(math.log10(value))), 8)
    return f"{value:.{decimals}f}"


def has_groups(evaluation: Evaluation) -> bool:
    """Whether there is any group but the whole."""
    return any(row.group != ALL for row in evaluation.rows)


def columns(evaluation: Evaluation) -> list[str]:
    """The statistics that a table of the evaluation has."""
    optional = [name for name in _OPTIONAL if any(getattr(row, name) is not None for row in evaluation.rows)]
    return [*_INTERVALS, *optional]


def _n_left(evaluation: Evaluation) -> int:
    return 2 if has_groups(evaluation) else 1


def _cells(evaluation: Evaluation, style: _Style) -> tuple[list[str], list[list[list[str]]]]:
    """Header and, for each group, its lines."""
    statistics = columns(evaluation)
    header = ["Metric", *(["Group"] if has_groups(evaluation) else []), "n", *(_TITLES[name] for name in statistics)]
    sections = []
    for rows in _by_group(evaluation):
        best = {name: _best(name, rows) for name in statistics}
        sections.append(
            [
                [
                    style.escape(row.metric),
                    *([style.escape(row.group)] if has_groups(evaluation) else []),
                    str(row.n),
                    *(_cell(name, row, best[name], style) for name in statistics),
                ]
                for row in rows
            ]
        )
    return header, sections


def _by_group(evaluation: Evaluation) -> Iterator[list[Row]]:
    for group in dict.fromkeys(row.group for row in evaluation.rows):
        yield [row for row in evaluation.rows if row.group == group]


def _best(name: str, rows: Sequence[Row]) -> str | None:
    """The best value as shown; None where there is nothing to be better than."""
    values = [value for row in rows if (value := getattr(row, name)) is not None]
    if len(values) < 2:
        return None
    return number(name, min(values) if name in _LOWER_IS_BETTER else max(values))


def _cell(name: str, row: Row, best: str | None, style: _Style) -> str:
    text = number(name, getattr(row, name))
    cell = style.escape(text).replace("-", style.minus) if text != MISSING else style.escape(text)
    if text == best:
        cell = style.bold(cell)
    if name in row.intervals:
        low, high = (number(name, end).replace("-", style.minus) for end in row.intervals[name])
        cell += f" [{low}, {high}]"
    return cell


def _matrix(significance: Significance, test: str, style: _Style) -> list[list[str]]:
    verdicts = {}
    for pair in significance.pairs:
        better = pair.better(test)
        for row, column in ((pair.first, pair.second), (pair.second, pair.first)):
            if pair.p_holm[test] is not None:
                verdicts[row, column] = "0" if better is None else "1" if better == row else f"{style.minus}1"
    return [
        [
            style.escape(row),
            *(
                "" if row == column else verdicts.get((row, column), style.escape(MISSING))
                for column in significance.metrics
            ),
        ]
        for row in significance.metrics
    ]


def _markdown(header: Sequence[str], lines: Sequence[Sequence[str]], n_left: int) -> str:
    rule = [":---" if index < n_left else "---:" for index in range(len(header))]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in (header, rule, *lines))


def _latex(header: Sequence[str], sections: Sequence[Sequence[Sequence[str]]], n_left: int) -> str:
    body = "\\midrule\n".join("".join(f"{' & '.join(cells)} \\\\\n" for cells in section) for section in sections)
    alignment = "l" * n_left + "r" * (len(header) - n_left)
    return (
        f"\\begin{{tabular}}{{{alignment}}}\n\\toprule\n{' & '.join(header)} \\\\\n\\midrule\n{body}"
        "\\bottomrule\n\\end{tabular}\n"
    )
