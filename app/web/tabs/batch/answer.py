"""What a batch is answered: its scores as they come, as data and as HTML."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import gradio as gr

from .....plugin.engine.records import Score
from .....plugin.errors import DeepMSEError
from .....plugin.images import decode
from ... import view
from ...batches import BatchScorer, Result, gather
from ...stopping import LONGEST_S, Stopping
from ...uploads import MAX_PIXELS, Upload
from ..base import Setup
from .html import result_html

UPDATE_S: Final = 1.0
"""Seconds between two updates of the page."""

THUMBNAIL_SIDE: Final = 96

Update = tuple[Any, Any, Any]
"""Data for API clients, HTML, and the result so far."""


class BatchAnswer:
    """Scores uploaded batches.

    Args:
        setup: the server
    """

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._scorer = BatchScorer(setup.device, setup.weights)
        self.stopping = Stopping()
        self.offered = self._scorer.offered

    def batch(
        self, files: list[Upload] | None, metrics: object = (), request: gr.Request | None = None
    ) -> Iterator[Update]:
        """Score pictures, as they come.

        Args:
            files: pictures, zip archives of pictures, and at most one CSV file with the columns dist and ref
            metrics: names of metrics; none for NR quality, or DeepMSE where there are pairs
            request: of the session, which may ask to stop
        """
        try:
            yield gr.skip(), view.waiting("Reading the files …"), None
            batch = gather(self._setup.uploads, files, self._setup.place)
            yield gr.skip(), view.waiting("Loading the metrics …"), None
            empty, stream = self._scorer(batch, metrics, self._setup.place)
            result = empty
            for result in self._results(empty, stream, request):
                yield gr.skip(), result_html(result), result
            yield data_of(result), result_html(result, finished=True), result
        except DeepMSEError as error:
            yield {"error": str(error)}, view.message(str(error)), None

    def _results(self, result: Result, stream: Iterator[Score], request: gr.Request | None) -> Iterator[Result]:
        """The result after all scores or where it was stopped, and now and then before."""
        start = shown = time.perf_counter()
        scores: list[Score] = []
        thumbnails: dict[int, Path] = {}
        for score in stream:
            if self.stopping.is_asked(request) or time.perf_counter() - start > LONGEST_S:
                break
            scores.append(score)
            if score.measurements:
                thumbnails[score.item.key] = self._thumbnail(Path(score.item.dist))
            now = time.perf_counter()
            result = replace(result, scores=tuple(scores), thumbnails=thumbnails, seconds=now - start)
            if now - shown > UPDATE_S:
                shown = now
                yield result
        yield result

    def _thumbnail(self, path: Path) -> Path:
        image = decode(path, max_pixels=MAX_PIXELS).image
        image.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE), reducing_gap=2)
        target = self._setup.place(".webp")
        image.save(target, quality=70, method=0)
        return target


# Not among the tools of agents: Gradio's server of the Model Context Protocol passes files, but no lists of them.
BatchAnswer.batch._mcp_type = "endpoint"  # type: ignore[attr-defined]


def data_of(result: Result) -> dict[str, Any]:
    """A result for API clients: the rows of ``deepmse score``, and how they came about."""
    failed = result.failed
    return {
        "columns": result.columns,
        "rows": result.rows,
        "pairs": result.total,
        "scored": len(result.scores) - failed.total(),
        "failed": failed.total(),
        "errors": dict(failed.most_common()),
        "note": result.batch.note,
        "settings": result.settings,
    }
