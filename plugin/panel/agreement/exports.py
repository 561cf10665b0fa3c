"""What the panel offers to download."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Final

from ...evaluation import export
from ...figures.common import Figure
from ...figures.export import to_html, to_png
from .comparison import Comparison

_TABLE: Final = "table"
_MATRIX: Final = "matrix"
_FORMATS: Final = {"csv": "CSV", "tex": "LaTeX", "md": "Markdown", "png": "PNG", "html": "HTML"}
_MEDIA_TYPES: Final = {
    "csv": "text/csv",
    "tex": "application/x-tex",
    "md": "text/markdown",
    "png": "image/png",
    "html": "text/html",
}
_TABLES: Final[dict[str, dict[str, Callable[[Comparison], str]]]] = {
    _TABLE: {
        "csv": lambda comparison: export.to_csv(comparison.evaluation),
        "tex": lambda comparison: export.to_latex(comparison.evaluation),
        "md": lambda comparison: export.to_markdown(comparison.evaluation),
    },
    _MATRIX: {
        "tex": lambda comparison: export.significance_to_latex(comparison.significance, comparison.controls.test),
        "md": lambda comparison: export.significance_to_markdown(comparison.significance, comparison.controls.test),
    },
}


def offered(names: Mapping[str, str]) -> dict[str, str]:
    """Files on offer beside a tab's figures, and what to call each.

    Args:
        names: title of each figure of the tab
    """
    tables = {_TABLE: "Table", **{name: names[name] for name in names if name == _MATRIX}}
    files = {f"{name}.{suffix}": title for name, title in tables.items() for suffix in _TABLES[name]}
    files |= {f"{name}.{suffix}": title for name, title in names.items() for suffix in ("png", "html")}
    return {file: f"{title}, {_FORMATS[file.rpartition('.')[2]]}" for file, title in files.items()}


def content(file: str, comparison: Comparison, figures: Mapping[str, Figure]) -> bytes:
    """What is in a file on offer.

    Raises:
        UsageError: something that is needed to draw a figure is not installed
    """
    name, _, suffix = file.rpartition(".")
    if suffix in _TABLES.get(name, {}):
        return _TABLES[name][suffix](comparison).encode()
    if suffix == "png":
        return to_png(*figures[name])
    return to_html(*figures[name]).encode()


def data_url(file: str, content: bytes) -> str:
    """An address that is itself the file."""
    return f"data:{_MEDIA_TYPES[file.rpartition('.')[2]]};base64,{base64.b64encode(content).decode()}"
