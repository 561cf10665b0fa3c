"""Which metrics are significantly better than which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ..evaluation import PairTest, Significance
from .common import INK, MISSING, Figure, Trace, table_layout

TESTS: Final = {
    "bootstrap": "Bootstrap by reference (SRCC)",
    "steiger": "Steiger's test (SRCC)",
    "williams": "Williams's test (PLCC)",
    "f": "F-test (residuals' variance)",
    "t": "t-test (SRCC within references)",
}

_CELL: Final = 46
_BETTER, _WORSE = "#2f9e8f", "#d9705a"
_SAME: Final = "rgba(140, 140, 140, 0.18)"


def significance_matrix(significance: Significance, test: str, titles: Mapping[str, str]) -> Figure:
    """Metrics in the rows against metrics in the columns: is the row's better, worse, or can nobody tell?

    Args:
        significance: the comparisons
        test: one of ``TESTS``
        titles: each metric's, in print
    """
    names = significance.metrics
    pairs = {frozenset((pair.first, pair.second)): pair for pair in significance.pairs}
    values: list[list[int | None]] = []
    texts: list[list[str]] = []
    hovers: list[list[str]] = []
    for row in names:
        cells = [_cell(pairs.get(frozenset((row, column))), row, test, titles) for column in names]
        values.append([value for value, _, _ in cells])
        texts.append([text for _, text, _ in cells])
        hovers.append([hover for _, _, hover in cells])
    data: list[Trace] = [
        {
            "type": "heatmap",
            "x": list(names),
            "y": list(names),
            "z": values,
            "zmin": -1,
            "zmax": 1,
            "colorscale": [[0, _WORSE], [0.33, _WORSE], [0.33, _SAME], [0.67, _SAME], [0.67, _BETTER], [1, _BETTER]],
            "showscale": False,
            "xgap": 3,
            "ygap": 3,
            "hoverongaps": False,
            "customdata": hovers,
            "hovertemplate": "%{customdata}<extra></extra>",
        },
        *_written(names, texts, values),
    ]
    labels = {name: titles[name] for name in names}
    return Figure(data, table_layout(labels, labels, _CELL))


def _written(
    names: Sequence[str], texts: Sequence[Sequence[str]], values: Sequence[Sequence[int | None]]
) -> Iterator[Trace]:
    """What the cells say: in the theme's colour on those without a colour, dark on the others."""
    cells = [
        (column, row, text, bool(value))
        for row, row_texts, row_values in zip(names, texts, values, strict=True)
        for column, text, value in zip(names, row_texts, row_values, strict=True)
    ]
    for coloured, style in ((False, {}), (True, {"textfont": {"color": INK}})):
        chosen = [cell for cell in cells if cell[3] is coloured]
        yield {
            "type": "scatter",
            "mode": "text",
            "x": [column for column, *_ in chosen],
            "y": [row for _, row, *_ in chosen],
            "text": [text for *_, text, _ in chosen],
            "hoverinfo": "skip",
            **style,
        }


def _cell(pair: PairTest | None, row: str, test: str, titles: Mapping[str, str]) -> tuple[int | None, str, str]:
    """Verdict for the row's metric, what the cell says, and what it says when pointed at."""
    if pair is None:
        return None, "", ""
    column = pair.second if row == pair.first else pair.first
    better = pair.better(test)
    value = 0 if better is None else (1 if better == row else -1)
    verdict = {1: "is better than", -1: "is worse than", 0: "cannot be told from"}[value]
    hover = f"<b>{titles[row]}</b> {verdict} <b>{titles[column]}</b>{_difference(pair, row)}"
    p, p_holm = pair.p[test], pair.p_holm[test]
    if p is None or p_holm is None:
        return value, MISSING, f"{hover}<br>no test: {pair.reasons[test]}"
    text = f"{('=', '▲', '▼')[value]}<br>{write_p(p_holm)}"
    return value, text, f"{hover}<br>p = {p:.3g}, after Holm's correction {p_holm:.3g}"


def _difference(pair: PairTest, row: str) -> str:
    if pair.srcc_difference is None:
        return ""
    sign = 1 if row == pair.first else -1
    said = f"<br>SRCC difference {sign * pair.srcc_difference:+.4f}"
    if pair.interval is not None:
        low, high = sorted(sign * bound for bound in pair.interval)
        said += f", 95 % interval {low:+.4f} to {high:+.4f}"
    return said


def write_p(p: float) -> str:
    """A probability in few characters."""
    return "p < .001" if p < 0.001 else f"p = {p:.3f}".replace("0.", ".", 1)
