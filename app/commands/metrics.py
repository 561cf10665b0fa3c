"""Which metrics there are."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...plugin.vocabulary import direction
from .. import terminal

if TYPE_CHECKING:
    from ...plugin.metrics import MetricInfo
    from ...plugin.metrics.inventory import Lack


def metrics(
    as_json: Annotated[bool, typer.Option("--json", help="Print the declarations as JSON.")] = False,
) -> None:
    """List the metrics: kind, direction, range, weights, licence, and which can be computed here.

    Those that cannot say why, and how to mend it.
    """
    from ...plugin.metrics import metric_info, metric_names
    from ...plugin.metrics.inventory import lack

    infos = [metric_info(name) for name in metric_names()]
    lacks = {info.name: lack(info) for info in infos}
    if as_json:
        print(json.dumps([_declaration(info, lacks[info.name]) for info in infos], indent=2, ensure_ascii=False))
        return
    rows = [
        (
            info.name,
            info.kind,
            direction(info.lower_is_better),
            _range(info),
            info.color,
            info.policy,
            info.weights or "none",
            info.licence,
            "no" if lacks[info.name] else "yes",
        )
        for info in infos
    ]
    columns = ("metric", "kind", "better", "range", "looks at", "policy", "weights", "licence", "here")
    terminal.out.print(terminal.table("", columns, rows, left=len(columns)))
    for name, missing in lacks.items():
        if missing is not None:
            terminal.out.print(f"{name}: {missing}", markup=False, highlight=False)


def _declaration(info: MetricInfo, missing: Lack | None) -> dict[str, Any]:
    return {
        "name": info.name,
        "title": info.title,
        "kind": info.kind,
        "lower_is_better": info.lower_is_better,
        "range": [bound if math.isfinite(bound) else None for bound in info.range],
        "color": info.color,
        "policy": info.policy,
        "differentiable": info.differentiable,
        "weights": info.weights,
        "licence": info.licence,
        "citation": info.citation,
        "extra": info.extra,
        "installed": info.installed,
        "here": missing is None,
        "lacks": missing and str(missing),
    }


def _range(info: MetricInfo) -> str:
    low, high = (f"{bound:g}".replace("inf", "∞") for bound in info.range)
    return f"{low} to {high}"
