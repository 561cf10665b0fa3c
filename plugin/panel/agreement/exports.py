"""What the panel offers to download."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from ...evaluation import export
from ...figures.common import Figure
from ...figures.export import FORMATS, Heading, written
from .comparison import Comparison
from .tab import Plot

_TABLE: Final = "table"
_TABLES: Final[Mapping[str, Callable[[Comparison], str]]] = {
    "csv": lambda comparison: export.to_csv(comparison.evaluation),
    "tex": lambda comparison: export.to_latex(comparison.evaluation),
    "md": lambda comparison: export.to_markdown(comparison.evaluation),
}
_FORMATS: Final = {
    "csv": "CSV",
    "tex": "LaTeX",
    "md": "Markdown",
    "png": "PNG",
    "svg": "SVG",
    "pdf": "PDF",
    "html": "HTML",
}


def offered(plots: Mapping[str, Plot]) -> dict[str, str]:
    """Files on offer beside figures, and what to call each.

    Args:
        plots: the figures that are shown, by name
    """
    files = {f"{_TABLE}.{suffix}": "Table" for suffix in _TABLES}
    files |= {f"{name}.{suffix}": plot.title for name, plot in plots.items() for suffix in plot.texts}
    files |= {f"{name}.{suffix}": plot.title for name, plot in plots.items() for suffix in FORMATS}
    return {file: f"{title}, {_FORMATS[file.rpartition('.')[2]]}" for file, title in files.items()}


def content(file: str, comparison: Comparison, plots: Mapping[str, Plot], figures: Mapping[str, Figure]) -> bytes:
    """What is in a file on offer.

    Args:
        file: its name
        comparison: what is compared
        plots: how the figures are declared, by name
        figures: the figures that are shown, by name

    Raises:
        UsageError: something that is needed to draw a figure is not installed
    """
    name, _, suffix = file.rpartition(".")
    texts = _TABLES if name == _TABLE else plots[name].texts
    if suffix in texts:
        return texts[suffix](comparison).encode()
    return written(*figures[name], suffix, _heading(comparison, plots[name]))


def _heading(comparison: Comparison, plot: Plot) -> Heading:
    """What a figure is of: dataset, number of images, target, statistic and test."""
    target = comparison.table.target
    said = [
        comparison.snapshot.dataset.name,
        f"n = {len(comparison.table.ids) - comparison.n_missing:,}",
        f"target {target.title} ({target.direction})",
        plot.says(comparison),
    ]
    return Heading(plot.title, ", ".join(filter(None, said)))
