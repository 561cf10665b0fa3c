"""What a picture is answered by codecs: its files as they come, as data and as HTML."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any, Final

import gradio as gr

from .....plugin.errors import DeepMSEError
from ... import view
from ...ladders import Ladder, LadderMaker
from ...stopping import LONGEST_S, Stopping
from ...uploads import Upload, read
from ..base import Setup
from .html import ladder_html
from .words import finite, reason

UPDATE_S: Final = 0.5
"""Seconds between two updates of the page."""

Update = tuple[Any, Any, Any]
"""Data for API clients, HTML, and the ladder so far."""


class CodecAnswer:
    """Compresses uploaded pictures. Agents know its method by its name.

    Args:
        setup: the server
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.maker = LadderMaker(setup.place, setup.device, setup.weights)
        self.stopping = Stopping()

    def codecs(
        self,
        picture: Upload | None,
        codecs: object = (),
        metrics: object = (),
        request: gr.Request | None = None,
    ) -> Iterator[Update]:
        """Compress one picture, at every quality of the ladder.

        Args:
            picture: the picture
            codecs: names of codecs; none for all that are here
            metrics: names of metrics; none for DeepMSE
            request: of the session, which may ask to stop
        """
        try:
            yield gr.skip(), view.waiting("Loading the metrics …"), None
            original = read(self._setup.uploads, "original", picture)
            shown = time.perf_counter()
            for ladder in self.maker(original, codecs, metrics):
                if self.stopping.is_asked(request) or ladder.seconds > LONGEST_S:
                    break
                if time.perf_counter() - shown > UPDATE_S:
                    shown = time.perf_counter()
                    yield gr.skip(), view.progress(len(ladder.steps), ladder.total, ladder.seconds), ladder
            yield data_of(ladder), ladder_html(ladder), ladder
        except DeepMSEError as error:
            yield {"error": str(error)}, view.message(str(error)), None


def data_of(ladder: Ladder) -> dict[str, Any]:
    """A ladder for API clients."""
    return {
        "pixels": ladder.pixels,
        "files": [
            {
                "codec": step.codec.name,
                step.codec.setting: step.setting,
                "bytes": step.size,
                "bytes_per_pixel": step.size / ladder.pixels,
                "scores": {name: finite(ladder.value(step, name)) for name in ladder.metrics},
                "error": reason(ladder, step),
            }
            for step in ladder.steps
        ],
        "notes": ladder.notes,
        "settings": ladder.settings,
    }
