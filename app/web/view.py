"""What the web page looks like: the pieces of HTML it is made of."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from typing import Final

from PIL import Image

from ...plugin.overlay import PALETTE
from .metrics import Findings, Reading

PREVIEW_SIDE: Final = 1024
"""Longest side, in pixels, of pictures embedded in the page."""

HEADER: Final = """
<header class="dm-header">
  <h1>How good does it look?</h1>
  <p>Pictures stay on the machine that serves this page, which deletes them after an hour.</p>
</header>
"""

COMPARING: Final = """
<p class="dm-intro">DeepMSE compares a picture with a distorted copy the way a neural network sees them: how far apart
they are, and where.</p>
"""

JUDGING: Final = """
<p class="dm-intro">Without an original to compare with, a model that has learned from people’s opinions says how good
they would find the picture.</p>
"""

NO_JUDGEMENT: Final = '<p class="dm-nothing">The judgement comes here.</p>'


def upload_note(text: str, *, failed: bool = False) -> str:
    """The line below an input: what was uploaded, or why it can't be used."""
    return f'<p class="dm-upload {"dm-failed" if failed else ""}" role="status">{escape(text)}</p>'


def message(text: str) -> str:
    """What stands in the place of a result when there is none."""
    return f'<div class="dm-message" role="alert">{escape(text)}</div>'


def comparison(found: Findings, stages: Mapping[str, float], *, picture: Image.Image, error_map: Image.Image) -> str:
    """A comparison's result.

    Args:
        found: what was found, by DeepMSE and others
        stages: DeepMSE at each stage, by the stage's name
        picture: the distorted image, which goes below the map
        error_map: the painted map, stretched over the picture
    """
    score = found.main.value
    return f"""
<section class="dm-result" aria-label="Result">
  <div role="status">
    <h2>{escape(found.metric.title)}</h2>
    <p class="dm-score" data-testid="score">{_number(score)}</p>
    <p>{_meaning(score)}</p>
    {_bars(stages)}
  </div>
  {_map(picture, error_map)}
  {_others(found.others)}
  {_footer(found)}
</section>
"""


def judgement(found: Findings, interval: tuple[float, float] | None) -> str:
    """A judgement's result.

    Args:
        found: what was found, by the model and others
        interval: where the score lies with 95 % probability; None if that is not known
    """
    best = found.metric.range[1]
    grade = found.main.grade
    percentile = found.main.percentile
    return f"""
<section class="dm-result dm-judgement" aria-label="Result">
  <div role="status">
    <h2>Quality</h2>
    <p class="dm-score"><span data-testid="score">{found.main.value:.0f}</span><small> of {best:g}</small></p>
    {f'<p class="dm-grade">{escape(grade.capitalize())}</p>' if grade else ""}
    {_scale(found, interval)}
    {f"<p>{_rank(percentile)}</p>" if percentile is not None else ""}
  </div>
  {_others(found.others)}
  {_footer(found)}
</section>
"""


def _number(value: float) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return (f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}").replace("-", "−")


def _meaning(score: float) -> str:
    if score == 0:
        return "<strong>No difference.</strong> The network sees the two images as exactly the same."
    return (
        "<strong>0 is identical, lower is better.</strong> The scale has no unit, and no value on it means "
        "“good” or “bad”: use it to rank distorted copies of the same picture."
    )


def _bars(stages: Mapping[str, float]) -> str:
    longest = max(stages.values()) or 1
    rows = "".join(
        f'<div class="dm-bar"><dt>{escape(name)}</dt>'
        f'<dd><span style="width: calc(100% * {value:g} / {longest:g})"></span></dd>'
        f"<dd>{_number(value)}</dd></div>"
        for name, value in stages.items()
    )
    return f"""
    <h3>Stage by stage</h3>
    <dl class="dm-bars">{rows}</dl>
    <p class="dm-caption">The error at five depths of the network, from fine detail at the top to content at the
    bottom. The score is their mean.</p>
"""


def _map(picture: Image.Image, error_map: Image.Image) -> str:
    return f"""
  <figure class="dm-map">
    <h2>Where they differ</h2>
    <div class="dm-overlay">
      <img src="{_embed(picture)}" alt="The distorted image">
      <img src="{_embed(error_map)}" alt="Map of the error, brighter where it is stronger">
    </div>
    <figcaption>
      <label>Map opacity <input type="range" min="0" max="100" value="50"
        oninput="this.closest('.dm-map').style.setProperty('--dm-opacity', this.value + '%')"></label>
      <div class="dm-legend"><span>no error</span><i style="background: {_GRADIENT}"></i><span>strong</span></div>
    </figcaption>
  </figure>
"""


_GRADIENT: Final = (
    f"linear-gradient(90deg, {', '.join('rgb({} {} {})'.format(*PALETTE[i]) for i in range(0, 256, 15))})"
)


def _embed(image: Image.Image) -> str:
    preview = image.copy()
    preview.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
    stream = BytesIO()
    preview.save(stream, format="PNG", compress_level=3)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode('ascii')}"


def _scale(found: Findings, interval: tuple[float, float] | None) -> str:
    """The score on its scale, whose equal parts have the grades' names, with the stretch that opinion lies in."""
    low, high = found.metric.range

    def place(value: float) -> str:
        return f"{100 * (value - low) / (high - low):.2f}%"

    stretch, words = "", ""
    if interval is not None:
        first, last = interval
        stretch = f'<span style="left: {place(first)}; right: calc(100% - {place(last)})"></span>'
        words = (
            "<p>With 95 % probability, people’s mean opinion lies "
            f"<strong>between {first:.0f} and {last:.0f}</strong>.</p>"
        )
    grades = "".join(f"<span>{escape(grade)}</span>" for grade in found.metric.grades)
    return f"""
    <div class="dm-scale" aria-hidden="true">{stretch}<i style="left: {place(found.main.value)}"></i></div>
    <div class="dm-grades" aria-hidden="true">{grades}</div>
    {words}
"""


def _rank(percentile: float) -> str:
    photographs = "the 2,000 photographs that the model has learned from"
    if percentile < 1:
        return f"Hardly any of {photographs} look worse."
    if percentile > 99:
        return f"Better than nearly all of {photographs}."
    return f"<strong>Better than {percentile:.0f} %</strong> of {photographs}."


def _others(readings: Sequence[Reading]) -> str:
    if not readings:
        return ""
    return f"""
  <table class="dm-others">
    <caption>Other metrics</caption>
    <thead><tr><th scope="col">Metric</th><th scope="col">Score</th><th scope="col">Scale</th></tr></thead>
    <tbody>{"".join(map(_row, readings))}</tbody>
  </table>
"""


def _row(reading: Reading) -> str:
    name = f'<th scope="row">{escape(reading.metric.title)}</th>'
    if reading.value is None:
        return f'<tr>{name}<td colspan="2" class="dm-failed">{escape(reading.error)}</td></tr>'
    direction = f"{'lower' if reading.metric.lower_is_better else 'higher'} is better"
    ends = reading.metric.range
    extent = f", {' to '.join(map(_number, ends))}" if all(map(math.isfinite, ends)) else ""
    return f"<tr>{name}<td>{_number(reading.value)}</td><td>{direction}{extent}</td></tr>"


def _footer(found: Findings) -> str:
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
