"""What the web page answers: how far apart two pictures are, how good one looks, and what an upload is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from ...plugin.errors import DeepMSEError
from ...plugin.overlay import colorize
from . import view
from .metrics import Findings, Metrics
from .uploads import Role, Upload, Uploads, read

COMPARING: Final = "deepmse"
JUDGING: Final = "nr"

#: Standard deviations to either side that hold 95 % of a normal distribution.
WITHIN_95_PERCENT: Final = 1.96

Answer = tuple[dict[str, Any], str]
"""A result as data, for API clients, and as HTML; where there is no result, both say why."""


class Comparison:
    """Compares uploaded images, by a model that is loaded at the first comparison.

    Args:
        uploads: tells the folder that uploads are in; no other file is opened
        weights: file or folder of DeepMSE's weights; None searches for them
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
    """

    def __init__(self, uploads: Uploads, weights: Path | None = None, device: str = "auto") -> None:
        self._uploads = uploads
        self.metrics = Metrics(COMPARING, "FR", device=device, weights=weights)

    def __call__(self, reference: Upload | None, distorted: Upload | None, metrics: object = ()) -> Answer:
        """Compare one pair.

        Args:
            reference: the original
            distorted: the image to score
            metrics: names of other metrics to compute
        """
        return _answer(lambda: self._compare(reference, distorted, metrics))

    def _compare(self, reference: Upload | None, distorted: Upload | None, metrics: object) -> Answer:
        original = read(self._uploads, "reference", reference)
        picture = read(self._uploads, "distorted", distorted)
        found = self.metrics(metrics, picture, original)
        stages = dict(zip(found.metric.stages, found.main.stages, strict=True))
        error_map = colorize(cast(NDArray[np.uint8], found.main.error_map))
        html = view.comparison(found, stages, picture=picture.decoded.image, error_map=error_map)
        return {"score": found.main.value, "stages": stages, **_data(found)}, html


class Judgement:
    """Judges uploaded images by themselves, by a model that is loaded at the first judgement.

    Args:
        uploads: tells the folder that uploads are in; no other file is opened
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
    """

    def __init__(self, uploads: Uploads, device: str = "auto") -> None:
        self._uploads = uploads
        self.metrics = Metrics(JUDGING, "NR", device=device)

    def __call__(self, picture: Upload | None, metrics: object = ()) -> Answer:
        """Judge one picture.

        Args:
            picture: the picture
            metrics: names of other metrics to compute
        """
        return _answer(lambda: self._judge(picture, metrics))

    def _judge(self, picture: Upload | None, metrics: object) -> Answer:
        found = self.metrics(metrics, read(self._uploads, "picture", picture))
        interval = _interval(found)
        data = {
            "score": found.main.value,
            "interval": interval,
            "grade": found.main.grade,
            "percentile": found.main.percentile,
        }
        return {**data, **_data(found)}, view.judgement(found, interval)


def inspect(uploads: Uploads, role: Role, upload: Upload | None) -> str:
    """What to say below an input: what was uploaded, or why it can't be used."""
    if upload is None:
        return ""
    try:
        picture = read(uploads, role, upload)
    except DeepMSEError as error:
        return view.upload_note(str(error), failed=True)
    return view.upload_note(" · ".join((picture.name, picture.size, *picture.decoded.notes)))


def _answer(make: Callable[[], Answer]) -> Answer:
    try:
        return make()
    except DeepMSEError as error:
        return {"error": str(error)}, view.message(str(error))


def _interval(found: Findings) -> tuple[float, float] | None:
    """Where the score of a picture lies with 95 % probability, on the metric's scale."""
    if found.main.deviation is None:
        return None
    low, high = found.metric.range
    reach = WITHIN_95_PERCENT * found.main.deviation
    return max(low, found.main.value - reach), min(high, found.main.value + reach)


def _data(found: Findings) -> dict[str, Any]:
    return {
        "metrics": {reading.metric.name: reading.to_dict() for reading in found.others},
        "notes": found.notes,
        "settings": found.settings,
    }
