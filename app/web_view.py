"""What the web page looks like: its style and the pieces of HTML it is made of."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from typing import Final

from PIL import Image

from ..plugin.overlay import PALETTE

PREVIEW_SIDE: Final = 1024
"""Longest side, in pixels, of pictures embedded in the page."""

HEADER: Final = """
<header class="dm-header">
  <h1>How much worse does it look?</h1>
  <p>DeepMSE compares a picture with a distorted copy the way a neural network sees them: how far apart they are, and
  where.<br>Both stay on the machine that serves this page, which deletes them after an
  hour.</p>
</header>
"""


def upload_note(text: str, *, failed: bool = False) -> str:
    """The line below an input: what was uploaded, or why it can't be used."""
    return f'<p class="dm-upload {"dm-failed" if failed else ""}" role="status">{escape(text)}</p>'


def message(text: str) -> str:
    """What stands in the place of a result when there is none."""
    return f'<div class="dm-message" role="alert">{escape(text)}</div>'


def result(
    score: float,
    stages: Mapping[str, float],
    *,
    picture: Image.Image,
    error_map: Image.Image,
    notes: Sequence[str],
    warnings: Sequence[str],
    small_print: str,
) -> str:
    """A comparison's result.

    Args:
        score: DeepMSE
        stages: its value at each stage, by the stage's name
        picture: the distorted image, which goes below the map
        error_map: the painted map, stretched over the picture
        notes: what was done to the images before they were scored
        warnings: what weakens the result
        small_print: how it was computed
    """
    asides = "".join(f"<li>{escape(note)}</li>" for note in notes)
    asides += "".join(f'<li class="dm-warning">{escape(warning)}</li>' for warning in warnings)
    return f"""
<section class="dm-result" aria-label="Result">
  <div class="dm-numbers" role="status">
    <h2>DeepMSE</h2>
    <p class="dm-score" data-testid="score">{_number(score)}</p>
    <p>{_meaning(score)}</p>
    {_bars(stages)}
  </div>
  {_map(picture, error_map)}
  <footer>
    {f"<ul>{asides}</ul>" if asides else ""}
    <p>{escape(small_print)}</p>
  </footer>
</section>
"""


def _number(value: float) -> str:
    return f"{value:.4g}" if value < 1000 else f"{value:,.0f}"


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


STYLE: Final = """
:root { --dm-quiet: #4b5565; --dm-bad: #b42318; }
.dark { --dm-quiet: #a3adbd; --dm-bad: #f9877b; }

.gradio-container { width: 100%; max-width: 1080px !important; margin: 0 auto; }
.gradio-container .html-container { padding: 0; }

.dm-header { padding: 24px 0 8px; }
.dm-header h1 { margin: 0 0 10px; font-size: clamp(26px, 5vw, 36px); font-weight: 650; line-height: 1.15;
  letter-spacing: -.02em; }
.dm-header p { margin: 0; font-size: 15px; line-height: 1.55; color: var(--dm-quiet); }

.dm-input { gap: 6px !important; }
.dm-upload { margin: 0; min-height: 1.5em; font-size: 13px; color: var(--dm-quiet); overflow-wrap: anywhere; }
.dm-upload.dm-failed { color: var(--dm-bad); }

.dm-actions { flex-wrap: wrap; align-items: center; gap: 12px !important; }
.dm-examples { flex: none !important; width: auto !important; margin-left: auto; }
.dm-examples p { margin: 0; font-size: 14px; color: var(--dm-quiet); }
@media (max-width: 640px) { .dm-examples { margin-left: 0; } }

.dm-message { padding: 14px 18px; border: 1px solid var(--dm-bad); border-radius: 10px;
  box-shadow: inset 4px 0 var(--dm-bad); overflow-wrap: anywhere; white-space: pre-line; }

.dm-result { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr));
  gap: 28px 48px; padding: clamp(18px, 3vw, 32px); border: 1px solid var(--border-color-primary);
  border-radius: 14px; background: var(--block-background-fill); }
.dm-result h2, .dm-result h3 { margin: 0; font-size: 13px; font-weight: 600; letter-spacing: .02em;
  color: var(--dm-quiet); }
.dm-result h3 { margin-top: 28px; }
.dm-result p { margin: 0; line-height: 1.55; }
.dm-result .dm-score { font-size: 64px; font-weight: 650; line-height: 1.2; letter-spacing: -.03em; }
.dm-result .dm-caption, .dm-result footer *, .dm-map figcaption * { font-size: 13px; color: var(--dm-quiet); }

.dm-bars { display: grid; gap: 8px; margin: 12px 0; }
.dm-bar { display: grid; grid-template-columns: 48px 1fr 58px; gap: 12px; align-items: center; font-size: 14px; }
.dm-bar dd { margin: 0; text-align: right; font-variant-numeric: tabular-nums; }
.dm-bar dt + dd { height: 12px; border-radius: 3px; background: var(--background-fill-secondary); }
.dm-bar span { display: block; height: 100%; min-width: 1px; border-radius: 3px;
  background: var(--color-accent); }

.dm-map { margin: 0; min-width: 0; }
.dm-overlay { position: relative; margin: 12px 0; border-radius: 8px; overflow: hidden; line-height: 0; }
.dm-overlay img { width: 100%; margin: 0; }
.dm-overlay img + img { position: absolute; inset: 0; height: 100%; opacity: var(--dm-opacity, 50%); }
.dm-map figcaption { display: flex; flex-wrap: wrap; gap: 10px 28px; justify-content: space-between; }
.dm-map label, .dm-legend { display: flex; align-items: center; gap: 10px; }
.dm-map input { width: 120px; accent-color: var(--color-accent); }
.dm-legend i { width: 100px; height: 10px; border-radius: 3px; }

.dm-result footer { grid-column: 1 / -1; padding-top: 16px; border-top: 1px solid var(--border-color-primary); }
.dm-result footer ul { margin: 0 0 6px; padding-left: 18px; }
.dm-result .dm-warning { color: var(--dm-bad); }
"""
