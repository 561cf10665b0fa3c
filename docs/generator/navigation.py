"""The site's table of contents, and what of a page its generator would load from elsewhere."""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from pathlib import Path
from typing import Any

MERMAID = re.compile(r"```mermaid\n(.*?)```\n", re.DOTALL)
BOX = re.compile(r'(\w+)\["([^"]+)"\]')
ARROW = re.compile(r"(\w+) -->\|(\d+)\| (\w+)")
LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)\s:]+)\)")


def settings(text: str, pages: Path) -> str:
    """The site's settings with the navigation written out.

    Args:
        text: settings whose ``nav`` may name patterns such as ``how-to/*.md``: all pages that no entry names, and no
            pattern before it stands for
        pages: the folder of pages
    """
    nav = tomllib.loads(text)["project"]["nav"]
    listed = set(re.findall(r"[\w/.-]+\.md", json.dumps(nav)))
    before, _, rest = text.partition("nav = [\n")
    after = rest.partition("\n]\n")[2]
    return before + f"nav = {_toml(_expanded(nav, pages, listed))}\n" + after


def _expanded(entry: Any, pages: Path, listed: set[str]) -> Any:
    if isinstance(entry, dict):
        return {title: _expanded(below, pages, listed) for title, below in entry.items()}
    if isinstance(entry, list):
        found: list[Any] = []
        for below in entry:
            if isinstance(below, str) and "*" in below:
                paths = sorted(path.relative_to(pages).as_posix() for path in pages.glob(below))
                found += [path for path in paths if path not in listed]
                listed.update(paths)
            else:
                found.append(_expanded(below, pages, listed))
        return found
    return entry


def _toml(entry: Any) -> str:
    if isinstance(entry, dict):
        return "{ " + ", ".join(f"{json.dumps(title)} = {_toml(below)}" for title, below in entry.items()) + " }"
    if isinstance(entry, list):
        return "[" + ", ".join(map(_toml, entry)) + "]"
    return json.dumps(entry)


def within(text: str, folder: Path) -> str:
    """A page whose links to what is not documentation, but code beside it, are words alone: the site has no code.

    Args:
        text: the page
        folder: where it lies in docs/
    """

    def link(found: re.Match[str]) -> str:
        outside = posixpath.normpath(posixpath.join(folder, found[2])).startswith("..")
        return found[1] if outside else found[0]

    return LINK.sub(link, text)


def without_scripts(text: str) -> str:
    """A page whose Mermaid drawing is a table of who imports whom: a drawing would need a script from elsewhere."""

    def table(drawing: re.Match[str]) -> str:
        names = dict(BOX.findall(drawing[1]))
        lines = ["| part | imports, with the number of pairs of modules |", "|---|---|"]
        for box, name in names.items():
            below = [f"{names[lower]} {n}" for upper, n, lower in ARROW.findall(drawing[1]) if upper == box]
            if not box.startswith("floor"):
                lines.append(f"| {name} | {', '.join(below) or '—'} |")
        return "\n".join(lines) + "\n"

    return MERMAID.sub(table, text)
