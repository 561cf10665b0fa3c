"""The web page: two pictures in; DeepMSE, its stages and a map of the error out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from time import perf_counter
from typing import Any, Final, Literal, cast

import gradio as gr
import numpy as np
from numpy.typing import NDArray

from ..plugin.errors import DeepMSEError, UsageError, without_paths
from ..plugin.images import Decoded, decode
from ..plugin.overlay import colorize
from ..plugin.scoring import Item, Scorer
from . import web_examples, web_view

METRIC: Final = "deepmse"

MAX_FILE_SIZE: Final = "64mb"
MAX_PIXELS: Final = 50_000_000

#: Every ten minutes, uploads older than an hour are deleted.
CACHE_LIFETIME_S: Final = (600, 3600)

#: Decoding and scoring share one place in the queue, so memory stays bounded however many visitors there are.
ONE_AT_A_TIME: Final[dict[str, Any]] = {"concurrency_limit": 1, "concurrency_id": METRIC}
MAX_WAITING: Final = 32

Role = Literal["reference", "distorted"]

#: An image as the browser sends it, with ``path`` and ``orig_name``. Gradio has checked that the path lies among its
#: uploads. The file there is the visitor's, byte for byte, because events skip the preprocessing of ``gr.Image``,
#: which would decode it.
Upload = dict[str, Any]


@dataclass(frozen=True)
class Picture:
    """An uploaded image that can be read."""

    name: str
    path: str
    decoded: Decoded


class Comparison:
    """Compares uploaded images, by a model that is loaded at the first comparison.

    Args:
        weights: file or folder of network weights; None searches for them
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
    """

    def __init__(self, weights: Path | None = None, device: str = "auto") -> None:
        self._weights = weights
        self._device = device

    @cached_property
    def _scorer(self) -> Scorer:
        return Scorer((METRIC,), device=self._device, weights=self._weights, error_maps=True, max_pixels=MAX_PIXELS)

    def __call__(self, reference: Upload | None, distorted: Upload | None) -> tuple[dict[str, Any], str]:
        """Score one pair.

        Returns:
            the result as data, for API clients, and as HTML; where there is no score, both say why
        """
        try:
            return self._compare(_open(reference, "reference"), _open(distorted, "distorted"))
        except DeepMSEError as error:
            return {"error": str(error)}, web_view.message(str(error))

    def _compare(self, reference: Picture, distorted: Picture) -> tuple[dict[str, Any], str]:
        item = Item("pair", dist=distorted.path, ref=reference.path)
        scorer = self._scorer
        start = perf_counter()
        [score] = scorer.run([item])
        seconds = perf_counter() - start
        if METRIC in score.errors:
            raise UsageError(without_paths(score.errors[METRIC], item.dist, item.ref))

        measured = score.measurements[METRIC]
        settings = scorer.describe()
        metric = settings["metrics"][METRIC]
        stages = dict(zip(metric["stages"], measured.stages, strict=True))
        data = {"score": measured.value, "stages": stages, "notes": score.notes, "settings": settings}
        html = web_view.result(
            measured.value,
            stages,
            picture=distorted.decoded.image,
            error_map=colorize(cast(NDArray[np.uint8], measured.error_map)),
            notes=score.notes,
            warnings=scorer.warnings,
            small_print=f"Both images resized to {metric['policy']['resize']} · weights: {metric['weights']['name']} "
            f"· {seconds:.2f} s on {settings['device_name']}",
        )
        return data, html


def inspect(role: Role, upload: Upload | None) -> str:
    """What to say below an input: what was uploaded, or why it can't be used."""
    if upload is None:
        return ""
    try:
        picture = _open(upload, role)
    except DeepMSEError as error:
        return web_view.upload_note(str(error), failed=True)
    height, width = picture.decoded.shape
    return web_view.upload_note(" · ".join((picture.name, f"{width} × {height} pixels", *picture.decoded.notes)))


def _open(upload: Upload | None, role: Role) -> Picture:
    if upload is None:
        raise UsageError(f"There is no {role} image yet. Choose one, then compare.")
    name, path = upload["orig_name"], upload["path"]
    return Picture(name, path, decode(path, name=f"{role.capitalize()} image “{name}”", max_pixels=MAX_PIXELS))


def build(weights: Path | None = None, device: str = "auto") -> gr.Blocks:
    """Build the page.

    Args:
        weights: file or folder of network weights; None searches for them
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
    """
    with gr.Blocks(title="DeepMSE", analytics_enabled=False, delete_cache=CACHE_LIFETIME_S) as page:
        gr.HTML(web_view.HEADER)
        with gr.Row():
            reference = _input("reference", "Reference: the original")
            distorted = _input("distorted", "Distorted: the one being judged")
        with gr.Row(elem_classes="dm-actions"):
            compare = gr.Button("Compare", variant="primary", scale=0, min_width=180)
            swap = gr.Button("⇄ Swap", scale=0, min_width=110)
            examples = _examples()
        result = gr.HTML(elem_id="result", min_height=120)
        data = gr.JSON(visible=False)

        images = [reference, distorted]
        compare.click(
            Comparison(weights, device),
            images,
            [data, result],
            preprocess=False,
            api_name="compare",
            api_description="DeepMSE of a distorted image against its reference: as data, and as the page's HTML.",
            **ONE_AT_A_TIME,
        )
        swap.click(None, images, images, js="(reference, distorted) => [distorted, reference]")
        for example, button in examples.items():
            button.click(partial(web_examples.make, example), None, images, api_visibility="private", **ONE_AT_A_TIME)
        for image in images:
            # A result is of the two images above it: it goes when one of them does.
            image.change(lambda: "", None, result, api_visibility="private", queue=False)
    return page.queue(max_size=MAX_WAITING)


def _input(role: Role, label: str) -> gr.Image:
    with gr.Column(min_width=280, elem_classes="dm-input"):
        image = gr.Image(
            label=label,
            alt_text=f"The {role} image",
            sources=["upload", "clipboard"],
            buttons=["fullscreen"],
            height=320,
            elem_id=f"{role}-image",
        )
        note = gr.HTML(elem_id=f"{role}-note")
    image.change(partial(inspect, role), image, note, preprocess=False, api_visibility="private", **ONE_AT_A_TIME)
    return image


def _examples() -> dict[web_examples.Example, gr.Button]:
    found = web_examples.available()
    if not found:
        return {}
    gr.HTML("<p>Examples</p>", elem_classes="dm-examples")
    return {example: gr.Button(example.title, size="sm", scale=0, min_width=70) for example in found}


def serve(
    port: int,
    host: str = "127.0.0.1",
    *,
    weights: Path | None = None,
    device: str = "auto",
    open_browser: bool = False,
) -> None:
    """Serve the page until interrupted.

    Args:
        port: TCP port
        host: address to listen on; the default admits this machine only
        weights: file or folder of network weights; None searches for them
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
        open_browser: open the page in the default browser

    Raises:
        OSError: if the port is taken
    """
    build(weights, device).launch(
        server_name=host,
        server_port=port,
        inbrowser=open_browser,
        max_file_size=MAX_FILE_SIZE,
        # Named fonts of Gradio's are fetched from Google where its package lacks them; the system's never are.
        theme=gr.themes.Base(
            primary_hue="violet", neutral_hue="slate", radius_size="lg", font="system-ui", font_mono="monospace"
        ),
        css=web_view.STYLE,
        footer_links=[],
        run_history=False,
    )
