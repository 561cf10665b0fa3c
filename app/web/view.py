"""Pieces of HTML that tabs of the web page share."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from itertools import starmap
from typing import Any, Final

from PIL import Image

from ...plugin.engine.standing import packaged
from ...plugin.metrics import MetricInfo
from .metrics import Findings, Reading

PREVIEW_SIDE: Final = 1024
"""Longest side, in pixels, of pictures embedded in the page."""

HEADER: Final = """
<header class="dm-header">
  <h1>How good does it look?</h1>
  <p>Pictures stay on the machine that serves this page, which deletes them after an hour.</p>
</header>
"""


def upload_note(text: str, *, failed: bool = False) -> str:
    """The line below an input: what was uploaded, or why it can't be used."""
    return f'<p class="dm-upload {"dm-failed" if failed else ""}" role="status">{escape(text)}</p>'


def message(text: str) -> str:
    """What stands in the place of a result when there is none."""
    return f'<div class="dm-message" role="alert">{escape(text)}</div>'


def waiting(text: str) -> str:
    """What stands in the place of a result that is being made."""
    return f'<p class="dm-waiting" role="status">{escape(text)}</p>'


def progress(done: int, total: int, seconds: float) -> str:
    """How far a long computation is, and how long it will take.

    Args:
        done: how many pictures are done
        total: of how many
        seconds: in which time
    """
    words = [f"<strong>{done:,} of {total:,}</strong>"]
    if done and seconds:
        rate = done / seconds
        words += [f"{number(round(rate, 1))} a second", time_left((total - done) / rate)]
    return f"""
  <div role="status">
    <p class="dm-waiting">{" · ".join(words)}</p>
    <progress max="{total}" value="{done}" aria-label="Progress"></progress>
  </div>
"""


def time_left(seconds: float) -> str:
    """A time in words: seconds below a minute, then minutes."""
    return f"{math.ceil(seconds)} s left" if seconds < 60 else f"{math.ceil(seconds / 60)} min left"


def number(value: float) -> str:
    """A number to four digits, whole from a thousand on."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return (f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}").replace("-", "−")


def embed(image: Image.Image) -> str:
    """A picture as the address of itself, no larger than the page shows it."""
    preview = image.copy()
    preview.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    stream = BytesIO()
    preview.save(stream, format="PNG", compress_level=3)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def stands(settings: Mapping[str, Any], metric: MetricInfo, value: float) -> tuple[str, ...]:
    """Where a score stands among distorted photographs, in words; nothing where no table tells."""
    return packaged().stands(metric, value, settings["metrics"][metric.name])


def yardstick() -> str:
    """What scores stand among, in words."""
    table = packaged()
    return (
        f"“Like” compares the number with those of {table.photographs} {table.source} that were distorted on "
        "purpose: a range of qualities holds half of them, levels are those of KADID-10k. Other pictures and sizes "
        "have other numbers."
    )


def others(readings: Sequence[Reading], settings: Mapping[str, Any]) -> str:
    """A table of what other metrics have found, each reason for no score once; nothing if there are none.

    Args:
        readings: what they have found
        settings: everything that decides the scores
    """
    if not readings:
        return ""
    scored = [
        _row(reading.metric, reading.value, stands(settings, reading.metric, reading.value))
        for reading in readings
        if reading.value is not None
    ]
    failed: dict[str, list[str]] = {}
    for reading in readings:
        if reading.value is None:
            failed.setdefault(reading.error, []).append(reading.metric.title)
    return f"""
  <table class="dm-others">
    <caption>Other metrics</caption>
    <thead><tr><th scope="col">Metric</th><th scope="col">Score</th><th scope="col">Scale</th></tr></thead>
    <tbody>{"".join(scored)}{"".join(starmap(_failed, failed.items()))}</tbody>
  </table>
"""


def _failed(reason: str, titles: Sequence[str]) -> str:
    name = f'<th scope="row">{escape(", ".join(titles))}</th>'
    return f'<tr>{name}<td colspan="2" class="dm-failed">{escape(reason)}</td></tr>'


def _row(metric: MetricInfo, value: float, standing: Sequence[str]) -> str:
    name = f'<th scope="row">{escape(metric.title)}</th>'
    direction = f"{'lower' if metric.lower_is_better else 'higher'} is better"
    ends = metric.range
    extent = f", {' to '.join(map(number, ends))}" if all(map(math.isfinite, ends)) else ""
    beside = f'<tr class="dm-like"><td colspan="3">{escape(like(standing))}</td></tr>' if standing else ""
    return f"<tr>{name}<td>{number(value)}</td><td>{direction}{extent}</td></tr>{beside}"


def like(standing: Sequence[str]) -> str:
    """Where a score stands, as one sentence's end."""
    # A dot ends a line, and begins none.
    return "like " + "\N{NO-BREAK SPACE}· ".join(standing)


def footer(found: Findings) -> str:
    """How the scores came about: what was done to the images, with which weights, in which time."""
    metric = found.settings["metrics"][found.metric.name]
    size = metric["policy"]["resize"]
    small_print = (
        f"Resized to {size}" if size else f"Size: {metric.get('size', 'as it is')}",
        f"weights: {metric['weights']['name']}",
        f"{found.seconds:.2f} s on {found.settings['device_name']}",
    )
    asides = "".join(f"<li>{escape(note)}</li>" for note in found.notes)
    asides += "".join(f'<li class="dm-warning">{escape(warning)}</li>' for warning in found.warnings)
    return f"""
  <footer>
    {f"<ul>{asides}</ul>" if asides else ""}
    <p>{escape(" · ".join(small_print))}</p>
  </footer>
"""
