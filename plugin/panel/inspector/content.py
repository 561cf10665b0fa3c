"""What the panel shows of a pair."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final
from urllib.parse import quote

import fiftyone as fo

from ...figures import Figure, bars, filmstrip, wipe
from ...store import Pair

COMPARED: Final = "pair"
NEIGHBOURS: Final = "neighbours"
STANDINGS: Final = "standings"
STAGES: Final = "stages"
MAPS: Final = "maps"
TITLES: Final = {
    STANDINGS: "Scores: better than which share of the dataset",
    STAGES: "Mean squared error by stage",
    MAPS: "Where each stage sees a difference, each on its own scale",
}
_SHOWN: Final = 12
"""Most neighbours that are shown."""


def figures_of(pair: Pair) -> dict[str, Figure]:
    """Figures of a pair, by name."""
    figures = {}
    if pair.reference:
        figures[COMPARED] = wipe(_address(pair.reference), _address(pair.path), ("Reference", "Distorted"))
    if len(pair.neighbours) > 1:
        shown = pair.neighbours[:_SHOWN]
        ids = [each.id for each in shown]
        figures[NEIGHBOURS] = filmstrip(
            [_address(each.path) for each in shown],
            ids,
            [f"level {each.level:g}" for each in shown],
            ids.index(pair.id) if pair.id in ids else None,
        )
    shares = {
        f"{each.metric.title} {each.value:.4g}": 100 * each.better_than
        for each in pair.standings.values()
        if not math.isnan(each.better_than)
    }
    if shares:
        figures[STANDINGS] = bars(shares, "better than … % of the images", ".0f")
        figures[STANDINGS].layout["xaxis"]["range"] = [0, 100]
    for title, stages in pair.stages.items():
        figures[STAGES] = bars(stages, f"{title} at the stage", ".4g")
    return figures


def words_of(pair: Pair) -> str:
    """What is shown, in Markdown."""
    parts = [f"**{Path(pair.path).name}**"]
    if pair.distortion:
        level = "" if pair.level is None else f" at level {pair.level:g}"
        parts.append(f"{pair.distortion}{level}")
    parts.append(f"reference {Path(pair.reference).name}" if pair.reference else "its reference is not known")
    return " · ".join(parts)


def _address(path: str) -> str:
    """Where the App's server has a picture."""
    return f"{(fo.app_config.proxy_url or '').rstrip('/')}/media?filepath={quote(path, safe='')}"
