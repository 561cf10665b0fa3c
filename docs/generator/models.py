"""The cards of the models that come with the package."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

#: What a reader asks of a model first; the rest stands in the card, which the page ends with.
PARTS = ("model", "data", "network", "input", "output", "licence", "results")


def pages(root: Path) -> dict[str, str]:
    """A page for each packaged model."""
    cards = sorted((root / "plugin" / "learning" / "packaged").glob("*.json"))
    return {f"models/{card.stem}.md": _page(card.stem, json.loads(card.read_text())) for card in cards}


def _page(name: str, card: dict[str, Any]) -> str:
    lines = [f"# Model card: {name}", ""]
    family = "causes" if name == "causes" else "nr"
    lines += [
        f"What `deepmse train {family}` wrote beside the model `{name}` when it was made. What it can and",
        f"cannot do is told in [the results of {family}](../../results/{family}.md), which terms its data have in",
        "[third parties](../../third_party.md).",
        "",
    ]
    for part in PARTS:
        if part in card:
            lines += [f"## {part.capitalize()}", "", *_written(card[part], 0), ""]
    return "\n".join(lines)


def _written(value: Any, depth: int) -> list[str]:
    """A value as nested lists, numbers with the digits that the card has."""
    if not isinstance(value, dict):
        return [_plain(value)]
    lines: list[str] = []
    for key, below in value.items():
        head = f"{'    ' * depth}- **{key.replace('_', ' ')}**"
        if isinstance(below, dict):
            lines += [head, *_written(below, depth + 1)]
        else:
            lines.append(f"{head}: {_plain(below)}")
    return lines


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else f"`{json.dumps(value)}`"
