"""Curves of a metric over bytes a pixel, as HTML."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Final

from .....plugin.metrics import MetricInfo
from ...ladders import Ladder
from ...view import number
from .words import codecs_of, finite, size, tint, tinted

TICKS: Final = 5


def chart(ladder: Ladder, metric: MetricInfo) -> str:
    """Curves of a metric over bytes a pixel, a line a codec; the points are buttons."""
    found = [
        (index, step, value)
        for index, step in enumerate(ladder.steps)
        if (value := finite(ladder.value(step, metric.name))) is not None
    ]
    if not found:
        return ""
    # Errors without an upper end span decades, of which the best files would share the last pixel.
    is_error = metric.lower_is_better and math.isinf(metric.range[1]) and min(value for *_, value in found) > 0
    rise, ticks = (math.log10, _decades) if is_error else (float, _even)
    points = [
        (index, step.codec.name, math.log10(step.size / ladder.pixels), rise(value)) for index, step, value in found
    ]
    left, right = _padded([x for _, _, x, _ in points])
    bottom, top = _padded([y for _, _, _, y in points])

    def place(x: float, y: float) -> tuple[float, float]:
        return 100 * (x - left) / (right - left), 100 * (top - y) / (top - bottom)

    lines, buttons = "", ""
    for codec in codecs_of(ladder):
        line = [(index, *place(x, y)) for index, name, x, y in points if name == codec]
        path = " ".join(f"{x:.2f},{y:.2f}" for _, x, y in line)
        lines += f'<polyline points="{path}" {tint(ladder, codec)}/>'
        for index, x, y in line:
            step = ladder.steps[index]
            words = f"{step.name}: {size(step.size)}, {metric.title} {number(ladder.value(step, metric.name) or 0)}"
            buttons += (
                f'<button type="button" data-row="{index}" title="{escape(words)}" aria-label="{escape(words)}" '
                f'style="left: {x:.2f}%; top: {y:.2f}%; {tinted(ladder, codec)}"></button>'
            )
    across = "".join(
        f'<span style="left: {place(math.log10(tick), 0)[0]:.2f}%">{number(tick)}</span>'
        for tick in _decades(10**left, 10**right)
    )
    ends = (10**bottom, 10**top) if is_error else (bottom, top)
    up = "".join(f'<span style="top: {place(0, rise(tick))[1]:.2f}%">{number(tick)}</span>' for tick in ticks(*ends))
    direction = f"{'lower' if metric.lower_is_better else 'higher'} is better"
    return f"""
    <figure class="dm-chart">
      <figcaption>{escape(metric.title)}, {direction}</figcaption>
      <div class="dm-plot">
        <div class="dm-up" aria-hidden="true">{up}</div>
        <svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">{lines}</svg>
        {buttons}
        <div class="dm-across" aria-hidden="true">{across}</div>
      </div>
      <p>Bytes a pixel</p>
    </figure>
"""


def _padded(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.06 * (high - low) or 0.5
    return low - margin, high + margin


def _decades(low: float, high: float) -> list[float]:
    """Powers of ten between two numbers, and where there are few of them, twice and five times as much too."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    digits = (1, 2, 5) if len(exponents) <= 4 else (1,)
    return [tick for power in exponents for digit in digits if low <= (tick := digit * 10.0**power) <= high]


def _even(low: float, high: float) -> list[float]:
    """About five round numbers between two numbers, evenly spaced."""
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    return [index * step for index in range(math.ceil(low / step), math.floor(high / step) + 1)]
