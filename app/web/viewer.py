"""Two pictures over each other, with maps over both: uncovered by a divider, flickering, zoomed to single pixels."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import quote

from PIL import Image

from ...plugin.overlay import PALETTE
from .view import embed

SCRIPT: Final = (Path(__file__).parent / "viewer.js").read_text(encoding="utf-8")
"""What the component needs as ``js_on_load`` that the viewer is put into."""

GRADIENT: Final = (
    f"linear-gradient(90deg, {', '.join('rgb({} {} {})'.format(*PALETTE[i]) for i in range(0, 256, 15))})"
)
"""The colours of maps, from nothing to strong."""

STYLE: Final = """
.dm-viewer { grid-column: 1 / -1; margin: 0; min-width: 0; }
.dm-window { position: relative; max-height: 76vh; margin: 12px auto; overflow: hidden; border-radius: 8px;
  background: var(--background-fill-secondary); cursor: grab; user-select: none; line-height: 0; }
.dm-window:focus-visible { outline: 3px solid var(--color-accent); outline-offset: 2px; }
.dm-window [data-part=plane] { position: absolute; inset: 0; transform-origin: 0 0; }
.dm-window img { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; max-width: none;
  pointer-events: none; }
.dm-window .dm-pixels img:not([data-layer]) { image-rendering: pixelated; }
.dm-window [data-part=divider] { position: absolute; inset-block: 0; width: 2px; margin-left: -1px; background: #fff;
  box-shadow: 0 0 3px #000; pointer-events: none; }
.dm-window [data-part=divider]::after { content: "◂▸"; position: absolute; top: 50%; left: 50%; padding: 9px 7px;
  border-radius: 99px; background: #fff; color: #111; font-size: 13px; line-height: 1; white-space: nowrap;
  box-shadow: 0 0 3px #000; transform: translate(-50%, -50%); }
.dm-window > span { position: absolute; bottom: 8px; padding: 3px 8px; border-radius: 6px; background: #000a;
  color: #fff !important; font-size: 12px; line-height: 1.4; pointer-events: none; }
.dm-window > [data-part=first-name] { left: 8px; }
.dm-window > [data-part=second-name] { right: 8px; }
.dm-viewer [hidden] { display: none !important; }
.dm-tools { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 14px; }
.dm-tools > *, .dm-tools label { display: flex; align-items: center; gap: 8px; font-size: 13px;
  color: var(--dm-quiet); }
.dm-tools button { justify-content: center; min-width: 36px; min-height: 36px; margin: 0 !important;
  padding: 0 10px; border: 1px solid var(--border-color-primary); border-radius: 8px;
  background: var(--button-secondary-background-fill); color: var(--body-text-color); font-size: 14px; }
.dm-tools button[aria-pressed=true] { background: var(--dm-chosen); color: #fff; }
.dark .dm-tools button[aria-pressed=true] { color: #111; }
.dm-tools output { min-width: 46px; text-align: center; font-variant-numeric: tabular-nums; }
.dm-tools input[type=range] { width: 84px; accent-color: var(--color-accent); }
.dm-tools select { padding: 6px 28px 6px 8px; border: 1px solid var(--border-color-primary); border-radius: 8px;
  background-color: var(--input-background-fill); color: var(--body-text-color); font-size: 13px; }
.dm-legend i { width: 50px; height: 10px; border-radius: 3px; }
.dm-viewer figcaption { margin-top: 8px; font-size: 13px; color: var(--dm-quiet); }
@media (max-width: 640px) { .dm-viewer .dm-by-keys { display: none; } }
"""


def html(
    title: str,
    pictures: Mapping[str, str],
    size: tuple[int, int],
    maps: Mapping[str, Image.Image] | None = None,
    series: str = "",
) -> str:
    """The viewer.

    Args:
        title: what it is for, in words
        pictures: files of two pictures among the uploads, by what each is called
        size: width and height of both
        maps: painted maps of the error by title, each stretched over the pictures; the first is shown at first
        series: what the pictures belong to: from one viewer of it to the next, zoom, place and divider stay
    """
    width, height = size
    (first, _), (second, _) = pictures.items()
    images = "".join(
        f'<img data-part="{part}" src="gradio_api/file={quote(path)}" alt="{escape(name)}" draggable="false">'
        for part, (name, path) in zip(("first", "second"), pictures.items(), strict=True)
    )
    layers, tools = _layers(maps) if maps else ("", "")
    return f"""
  <figure class="dm-viewer" data-series="{escape(series)}">
    <h2>{escape(title)}</h2>
    <div class="dm-window" data-part="window" tabindex="0" role="group" style="aspect-ratio: {width} / {height};
      width: min(100%, calc(76vh * {width} / {height}))"
      aria-label="Both pictures over each other. Arrows move the divider or the picture, + and − zoom, F flickers.">
      <div data-part="plane">{images}{layers}</div>
      <i data-part="divider" style="left: 50%"></i>
      <span data-part="first-name">{escape(first)}</span><span data-part="second-name">{escape(second)}</span>
    </div>
    <div class="dm-tools">
      <label>Divider <input data-part="split" type="range" min="0" max="100" value="50"></label>
      <button data-part="flicker" type="button" aria-pressed="false" aria-keyshortcuts="F">Flicker</button>
      <div role="group" aria-label="Zoom">
        <button data-part="out" type="button" aria-label="Zoom out">−</button>
        <output data-part="scale" aria-label="Pixels of the screen to a pixel">fit</output>
        <button data-part="in" type="button" aria-label="Zoom in">+</button>
        <button data-part="fit" type="button">Fit</button>
      </div>
      {tools}
    </div>
    <figcaption class="dm-by-keys">Drag the divider; double-click to see pixels, drag to move. In the picture: arrows,
    + and −, 0 to fit, F to flicker.</figcaption>
  </figure>
"""


def _layers(maps: Mapping[str, Image.Image]) -> tuple[str, str]:
    """Maps as layers over the pictures, and the tools that choose among them."""
    layers = "".join(
        f'<img data-layer="{place}" src="{embed(image)}" alt="Map of the error, brighter where it is stronger: '
        f'{escape(title)}" style="opacity: .4" {"" if place == 0 else "hidden"}>'
        for place, (title, image) in enumerate(maps.items())
    )
    options = "".join(
        f'<option value="{place}" {"selected" if place == 0 else ""}>{escape(title)}</option>'
        for place, title in enumerate(maps)
    )
    tools = f"""
      <label>Map <select data-part="layer" aria-label="Map"><option value="">none</option>{options}</select></label>
      <label>Map opacity <input data-part="opacity" type="range" min="0" max="100" value="40"></label>
      <div class="dm-legend"><span>no error</span><i style="background: {GRADIENT}"></i><span>strong</span></div>
"""
    return layers, tools
