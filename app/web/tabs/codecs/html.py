"""A ladder as HTML: the smallest good file of each codec, and a curve for each metric."""

from __future__ import annotations

from html import escape

from .....plugin.metrics import metric_info
from ... import view
from ...ladders import Ladder
from ...view import number
from .chart import chart
from .words import codecs_of, finite, reason, size, tint


def ladder_html(ladder: Ladder) -> str:
    """A ladder: the smallest good file of each codec, and a curve for each metric."""
    if not any(finite(ladder.value(step, ladder.main.name)) is not None for step in ladder.steps):
        reasons = dict.fromkeys((*(reason(ladder, step) for step in ladder.steps[:1]), *ladder.notes))
        return view.message("\n".join(filter(None, reasons)) or "No file was made.")
    charts = "".join(chart(ladder, metric_info(name)) for name in ladder.metrics)
    legend = "".join(f"<span><i {tint(ladder, name)}></i>{escape(name)}</span>" for name in codecs_of(ladder))
    height, width = ladder.picture.decoded.shape
    footer = (
        f"{escape(ladder.picture.name)}, {width} × {height} pixels",
        f"{len(ladder.steps)} files in {ladder.seconds:.1f} s on {ladder.settings['device_name']}",
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in ladder.notes)
    notes += "".join(f'<li class="dm-warning">{escape(warning)}</li>' for warning in ladder.warnings)
    return f"""
<section class="dm-result dm-ladder" aria-label="Result">
  {_smallest(ladder)}
  <div class="dm-curves">
    <p class="dm-legend-row">{legend}</p>
    {charts}
    <p class="dm-caption">Choose a point to see its file beside the original.</p>
  </div>
  <footer>{f"<ul>{notes}</ul>" if notes else ""}<p>{" · ".join(footer)}</p></footer>
</section>
"""


def _smallest(ladder: Ladder) -> str:
    """All files, the smallest first, of which the page shows the first of each codec within the chosen score."""
    metric = ladder.main
    values = sorted(value for step in ladder.steps if (value := ladder.value(step, metric.name)) is not None)
    middle = len(values) // 2
    rows = "".join(
        _row(ladder, index, value)
        for index in sorted(range(len(ladder.steps)), key=lambda index: ladder.steps[index].size)
        if (value := ladder.value(ladder.steps[index], metric.name)) is not None
    )
    none = "".join(
        f'<tr data-none="{escape(name)}" hidden><th scope="row"><i {tint(ladder, name)}></i>{escape(name)}</th>'
        '<td colspan="3">no file of the ladder is as good</td></tr>'
        for name in codecs_of(ladder)
    )
    lower = metric.lower_is_better
    return f"""
  <div class="dm-smallest {"dm-lower" if lower else ""}">
    <h2>Smallest files with {escape(metric.title)} of {"at most" if lower else "at least"}
      <output>{number(values[middle])}</output></h2>
    <input type="range" aria-label="{escape(metric.title)}" min="0" max="{len(values) - 1}" value="{middle}">
    <table>
      <thead><tr><th scope="col">Codec</th><th scope="col">Size</th><th scope="col">Bytes a pixel</th>
        <th scope="col">{escape(metric.title)}</th></tr></thead>
      <tbody>{rows}{none}</tbody>
    </table>
    <p class="dm-caption">{"0 is identical, lower is better." if lower and metric.range[0] == 0 else ""}</p>
  </div>
"""


def _row(ladder: Ladder, index: int, value: float) -> str:
    step = ladder.steps[index]
    return (
        f'<tr data-row="{index}" data-codec="{escape(step.codec.name)}" data-score="{value!r}">'
        f'<th scope="row"><i {tint(ladder, step.codec.name)}></i>'
        f'<button type="button">{escape(step.codec.name)}</button>'
        f"<small>{step.codec.setting} {step.setting}</small></th>"
        f"<td>{size(step.size)}</td><td>{number(step.size / ladder.pixels)}</td><td>{number(value)}</td></tr>"
    )
