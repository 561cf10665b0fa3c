"""How good a trained model is, as forms and results show it: in words, in numbers, and as a curve."""

from __future__ import annotations

from typing import Any

from fiftyone.operators import types

from ..plugin.figures.training import learning_curve


def report(shown: types.Object, name: str, card: dict[str, Any]) -> None:
    """Add a report to a form or a result.

    Args:
        shown: the form or result
        name: of the model
        card: its card
    """
    results = card["results"]
    lines = [f"### {name}", "", f"**{results['in_words']}**", "", _numbers(results)]
    shown.md("\n".join(lines), name="report")
    if epochs := card.get("epochs"):
        figure = learning_curve(epochs, card["kept_epoch"])
        shown.plot("curve", label="Loss and SRCC by epoch", data=figure.data, layout=figure.layout)


def _numbers(results: dict[str, Any]) -> str:
    if "validation" in results:
        srcc = _number(results["validation_srcc"])
        return f"On {results['validation']:,} labels held out: SRCC **{srcc}**."
    low, high = results["intervals_95"].get("srcc") or (None, None)
    interval = "" if low is None else f" (95 % interval {low:.3f} to {high:.3f})"
    return (
        f"Cross-validated on {results['labels']:,} labels: SRCC **{_number(results['srcc'])}**{interval}; "
        f"after a logistic fit PLCC **{_number(results['plcc'])}** and RMSE **{_number(results['rmse'])}**. "
        f"Its 95 % intervals hold {results['coverage_of_95_percent_intervals']:.0%} of the labels."
    )


def _number(value: float | None) -> str:
    return "none, all scores are the same" if value is None else f"{value:.3f}"
