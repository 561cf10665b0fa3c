"""The list of tables and figures that can be measured again."""

from __future__ import annotations

from pathlib import Path

from deepmse.plugin.reproduction import REPRODUCTIONS


def pages(root: Path) -> dict[str, str]:
    """One page, by paper."""
    lines = [
        "# Published tables",
        "",
        "What `deepmse reproduce NAME --data ROOT` measures again: [how](../how-to/reproduce.md).",
        "",
    ]
    for paper in dict.fromkeys(each.paper for each in REPRODUCTIONS):
        lines += [f"## {paper}", "", "| name | what | datasets that it takes |", "|---|---|---|"]
        lines += [
            f"| `{each.name}` | {each.title} | {', '.join(each.datasets) or 'none'} |"
            for each in REPRODUCTIONS
            if each.paper == paper
        ]
        lines.append("")
    return {"published-tables.md": "\n".join(lines)}
