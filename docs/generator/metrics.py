"""A page for every metric of the catalogue."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path

from deepmse.plugin.metrics import MetricInfo, metric_info, metric_names
from deepmse.plugin.metrics.inventory import ways_out
from formulas import FORMULAS

CALIBRATION = "tests/unit/plugin/metrics/test_calibration.py"


def pages(root: Path) -> dict[str, str]:
    """The pages, and the list of them."""
    infos = [metric_info(name) for name in metric_names()]
    flat, official, speeds = _flat(root), _official(root), _speeds(root)
    rows = [
        f"| [{info.title}]({info.name}.md) | `{info.name}` | {_kind(info)} | {_better(info)} | {_range(info)} "
        f"| {info.weights or 'none'} |"
        for info in infos
    ]
    index = [
        "# Metrics",
        "",
        "`deepmse metrics` prints this list and says which can be computed on your machine. A model that you",
        "trained is a metric, too: name its file.",
        "",
        "| metric | name | compares | better | range | trained parameters |",
        "|---|---|---|---|---|---|",
        *rows,
    ]
    return {
        "metrics/index.md": "\n".join(index) + "\n",
        **{
            f"metrics/{info.name}.md": _page(
                info, flat.get(info.title, {}), official.get(info.name), speeds.get(info.title)
            )
            for info in infos
        },
    }


def _page(info: MetricInfo, flat: dict[str, str], official: float | None, speed: str | None) -> str:
    lines = [f"# {info.title}", "", "```text", *FORMULAS[info.name].strip().splitlines(), "```", ""]
    facts = {
        "name on the command line": f"`{info.name}`",
        "column and field": f"`{info.field}`",
        "kind": _kind(info),
        "better": _better(info),
        "range": _range(info),
        "looks at": "red, green and blue" if info.color == "RGB" else "luminance alone",
        "image policy": f"`{info.policy}`",
        "also writes": ", ".join(_also(info)),
        "trained parameters": info.weights or "none",
        "licence": info.licence,
        "needs the extra": f"`{info.extra}`" if info.extra else "",
        "settings": ", ".join(f"`{setting}`" for setting in info.settings),
        "speed": f"{speed} of 256×256 pixels [on two cores](../../results/index.md#speed)" if speed else "",
        "as an ONNX graph": f"`deepmse export {info.name} {info.field}.onnx`" if info.has_graph else "",
        "from": info.citation,
    }
    lines += [
        "| what | value |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in facts.items() if value),
        "",
    ]
    if info.files:
        lines += ["## Where its parameters come from", ""]
        for file in info.files:
            lines += [f"{file.in_print}:", "", *(f"- {way}" for way in ways_out(file)), ""]
    if official is not None:
        lines += [
            "## Beside its authors' values",
            "",
            f"`pytest {CALIBRATION}` holds scores to within {official:g} of what the authors' code gives on",
            "five pairs of TID2013, where pictures and weights are at hand; it says where the pictures come from.",
            "",
        ]
    if flat:
        lines += ["## Where there is little to see", "", "| reference and image | score |", "|---|---:|"]
        lines += [f"| {pair} | {score} |" for pair, score in flat.items()]
        lines += [
            "",
            "Why some have none: [what metrics give where there is nothing to see](../../flat-images.md).",
            "",
        ]
    pair = "reference.png" if info.kind == "FR" else ""
    lines += ["## Use", "", "```"]
    lines += [
        f"deepmse score copies/ --refs originals/ -m {info.name} -o scores.csv"
        if pair
        else f"deepmse score photos/ -m {info.name} -o scores.csv"
    ]
    return "\n".join([*lines, "```", ""])


def _kind(info: MetricInfo) -> str:
    return "with a reference" if info.kind == "FR" else "without a reference"


def _better(info: MetricInfo) -> str:
    return "lower" if info.lower_is_better else "higher"


def _range(info: MetricInfo) -> str:
    low, high = ("∞" if bound == math.inf else "-∞" if bound == -math.inf else f"{bound:g}" for bound in info.range)
    return f"{low} to {high}"


def _also(info: MetricInfo) -> list[str]:
    told = {
        f"the error at each of {len(info.stages)} stages": bool(info.stages),
        "a map of where the pictures differ": info.has_error_map,
        "the standard deviation of its error": info.has_deviation,
        "how many of its training pictures score lower": info.has_percentile,
        "how near a picture is to those it learnt from": info.has_domain,
        "a word for the score": bool(info.grades),
    }
    return [what for what, does in told.items() if does]


def _flat(root: Path) -> dict[str, dict[str, str]]:
    """The table of docs/flat-images.md by metric; a test holds it to what the metrics give."""
    rows = [
        [cell.strip() for cell in line.strip("|\n ").split("|")]
        for line in (root / "docs" / "flat-images.md").read_text().splitlines()
        if line.startswith("|")
    ]
    header, _, *body = rows
    return {title: {row[0]: row[place] for row in body} for place, title in enumerate(header) if place}


def _speeds(root: Path) -> dict[str, str]:
    """Pairs a second by metric, as the page of results has them."""
    page = (root / "docs" / "results" / "index.md").read_text()
    return dict(re.findall(r"^\| (.+?) \| ([\d,]+ pairs/s) \|$", page, re.MULTILINE))


def _official(root: Path) -> dict[str, float]:
    """How far each metric may be from its authors' values, as the test of that has it."""
    tree = ast.parse((root / CALIBRATION).read_text())
    (table,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "OFFICIAL"
    )
    return {name: tolerance for name, (_, tolerance) in ast.literal_eval(table).items()}
