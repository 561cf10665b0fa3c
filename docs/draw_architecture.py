"""Draws the floors of the house into architecture.md, from the import contract and the imports themselves.

``python docs/draw_architecture.py`` writes the drawing; ``--check`` tells whether it is the one that stands there.
"""

from __future__ import annotations

import sys
import tomllib
from itertools import product
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "```mermaid\n", "```\n"
ALONE = ("plugin.evaluation", "plugin.figures", "plugin.datasets", "plugin.tables")


def floors() -> list[list[str]]:
    """Modules by floor, the highest first, as the contract has them; those that stand alone last."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [[name.strip() for name in layer.split("|")] for layer in layers] + [list(ALONE)]


def drawing() -> str:
    """The Mermaid source: a box a module, an arrow where one imports another, with the number of import lines."""
    graph = grimp.build_graph("deepmse")
    house = floors()
    boxes = [name for floor in house for name in floor]
    members = {name: {f"deepmse.{name}", *graph.find_descendants(f"deepmse.{name}")} for name in boxes}
    lines = ["flowchart TB"]
    for number, floor in enumerate(house):
        title = "stand alone" if number == len(house) - 1 else " "
        lines.append(f'  subgraph floor{number}["{title}"]')
        lines += [f'    {name.replace(".", "_")}["{name.replace(".", "/")}"]' for name in floor]
        lines.append("  end")
    for upper, lower in product(boxes, boxes):
        if upper == lower:
            continue
        count = sum(
            len(graph.find_modules_directly_imported_by(module) & members[lower]) for module in members[upper]
        )
        if count:
            lines.append(f"  {upper.replace('.', '_')} -->|{count}| {lower.replace('.', '_')}")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the drawing, or with ``--check`` compare; 1 where it differs."""
    text = PAGE.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    new = before + BEGIN + drawing() + END + after
    if "--check" in sys.argv[1:]:
        if new != text:
            print("docs/architecture.md: the drawing is not that of the imports; run `make architecture`")
        return int(new != text)
    PAGE.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
