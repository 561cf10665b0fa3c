"""Drawings as SVG, in the page's own colours."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from ..evaluation.report import Row

_WIDTH = 640
_LABEL = 200


def histogram(values: Sequence[float], title: str) -> str:
    """How often which values are, with a line at the median; empty for no values."""
    if not values:
        return ""
    height, foot = 150, 24
    counts, edges = np.histogram(values, bins=min(40, max(5, round(2 * len(values) ** 0.5))))
    low, high, most = float(edges[0]), float(edges[-1]), max(1, int(counts.max()))

    def x(value: float) -> float:
        return (value - low) / (high - low) * _WIDTH

    bars = "".join(
        f'<rect x="{x(left) + 0.5:.1f}" y="{height - count / most * (height - 8):.1f}" '
        f'width="{max(1.0, x(right) - x(left) - 1):.1f}" height="{count / most * (height - 8):.1f}" rx="1.5">'
        f"<title>{left:.4g} to {right:.4g}: {count:,}</title></rect>"
        for count, left, right in zip(counts, edges[:-1], edges[1:], strict=True)
    )
    median = x(float(np.median(values)))
    middle = (
        f'<line class="median" x1="{median:.1f}" x2="{median:.1f}" y1="0" y2="{height}"/>'
        f'<text class="median" x="{min(max(median, 40), _WIDTH - 40):.1f}" y="{height + 18}" text-anchor="middle">'
        f"median {np.median(values):.4g}</text>"
    )
    ends = (
        f'<text x="0" y="{height + 18}">{low:.4g}</text>'
        f'<text x="{_WIDTH}" y="{height + 18}" text-anchor="end">{high:.4g}</text>'
    )
    return _svg(height + foot, f"{bars}{middle}{ends}", title)


def bars(counts: Sequence[tuple[str, int]], total: int, title: str) -> str:
    """How many of a total have each name, as bars with their numbers."""
    step = 26
    widest = max((count for _, count in counts), default=1)
    parts = []
    for index, (name, count) in enumerate(counts):
        length = max(2.0, (_WIDTH - _LABEL - 110) * count / widest)
        y = index * step + 17
        parts += [
            f'<text x="{_LABEL - 10}" y="{y}" text-anchor="end">{escape(_short(name))}</text>',
            f'<rect x="{_LABEL}" y="{y - 12}" width="{length:.1f}" height="16" rx="2"/>',
            f'<text x="{_LABEL + length + 8:.1f}" y="{y}">{count:,} · {100 * count / max(1, total):.1f} %</text>',
        ]
    return _svg(len(counts) * step + 4, "".join(parts), title)


def intervals(rows: Sequence[Row], title: str) -> str:
    """SRCC of each group with its 95 % interval, on one scale from the lowest to 1."""
    step, foot = 24, 24
    known = [row for row in rows if row.srcc is not None]
    ends = [end for row in known for end in (row.srcc or 0.0, *row.intervals.get("srcc", ()))]
    low = min(0.0, *ends) if ends else 0.0
    room = _WIDTH - _LABEL - 70

    def x(value: float) -> float:
        return _LABEL + (value - low) / (1 - low) * room

    parts = [
        f'<line class="grid" x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="0" y2="{len(rows) * step}"/>'
        f'<text x="{x(tick):.1f}" y="{len(rows) * step + 17}" text-anchor="middle">{tick:g}</text>'
        for tick in (-1, -0.5, 0, 0.5, 1)
        if tick >= low
    ]
    for index, row in enumerate(rows):
        y = index * step + step / 2
        parts.append(f'<text x="{_LABEL - 10}" y="{y + 4:.1f}" text-anchor="end">{escape(_short(row.group))}</text>')
        if row.srcc is None:
            parts.append(f'<text x="{x(low):.1f}" y="{y + 4:.1f}">none: {escape(row.reason or "")}</text>')
            continue
        if interval := row.intervals.get("srcc"):
            parts.append(
                f'<line class="range" x1="{x(interval[0]):.1f}" x2="{x(interval[1]):.1f}" y1="{y}" y2="{y}"/>'
            )
        parts.append(f'<circle cx="{x(row.srcc):.1f}" cy="{y}" r="4.5"/>')
        parts.append(f'<text x="{_WIDTH}" y="{y + 4:.1f}" text-anchor="end">{row.srcc:.3f}</text>')
    return _svg(len(rows) * step + foot, "".join(parts), title)


def _short(text: str) -> str:
    return text if len(text) <= 28 else f"{text[:27]}…"


def _svg(height: int, content: str, title: str) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">{content}</svg>'
