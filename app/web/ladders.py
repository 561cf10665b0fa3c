"""One picture by several codecs at several qualities: files, their sizes, and how far they are from the picture."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from PIL import Image, features

from ...plugin.engine.records import Item, Score
from ...plugin.errors import UsageError
from ...plugin.metrics import MetricInfo, metric_info
from .metrics import IN_PAIRS, MAX_PIXELS_OF_OTHERS, Scorers, chosen_names, runnable
from .uploads import Picture

QUALITIES: Final = (5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95)
RATIOS: Final = (250, 150, 100, 70, 50, 35, 25, 18, 12, 8, 5)


@dataclass(frozen=True)
class Codec:
    """A way to compress pictures.

    Args:
        name: what people call it
        format: what Pillow calls it
        lack: says why it cannot be written here; nothing if it can
        suffix: of its files
        settings: its ladder, from small files to good ones
        setting: what its setting is called
        options: Pillow's options for a setting
    """

    name: str
    format: str
    lack: Callable[[], str]
    suffix: str
    settings: tuple[int, ...]
    setting: str
    options: Callable[[int], dict[str, Any]]

    @property
    def is_here(self) -> bool:
        """Whether it can be written here."""
        return not self.lack()


def _feature(name: str) -> Callable[[], str]:
    """What says that this Pillow lacks a feature."""
    return lambda: "" if features.check(name) else "this server's Pillow cannot write it"


def _package(module: str) -> Callable[[], str]:
    """What says that a package is missing which adds a format to Pillow, and brings the package in if it is there."""

    def lack() -> str:
        if find_spec(module) is None:
            return "this server lacks a package: pip install 'fiftyone-deepmse[formats]'"
        import_module(module)
        return ""

    return lack


CODECS: Final = (
    Codec(
        "JPEG",
        "JPEG",
        _feature("jpg"),
        ".jpg",
        QUALITIES,
        "quality",
        lambda quality: {"quality": quality, "optimize": True},
    ),
    Codec(
        "WebP",
        "WEBP",
        _feature("webp"),
        ".webp",
        QUALITIES,
        "quality",
        lambda quality: {"quality": quality, "method": 4},
    ),
    Codec(
        "AVIF",
        "AVIF",
        _feature("avif"),
        ".avif",
        QUALITIES,
        "quality",
        lambda quality: {"quality": quality, "speed": 6},
    ),
    Codec(
        "JPEG 2000",
        "JPEG2000",
        _feature("jpg_2000"),
        ".jp2",
        RATIOS,
        "ratio",
        lambda ratio: {"quality_mode": "rates", "quality_layers": [ratio], "irreversible": True},
    ),
    Codec(
        "JPEG XL",
        "JXL",
        _package("pillow_jxl"),
        ".jxl",
        QUALITIES,
        "quality",
        # A JPEG file would otherwise be repacked without loss, whatever the quality.
        lambda quality: {"quality": quality, "effort": 5, "lossless_jpeg": False, "num_threads": 1},
    ),
)


@dataclass(frozen=True)
class Step:
    """A file of the ladder.

    Args:
        codec: what it is compressed by
        setting: at which quality or ratio
        path: the file here
        size: in bytes
        score: what metrics have found
    """

    codec: Codec
    setting: int
    path: Path
    size: int
    score: Score

    @property
    def name(self) -> str:
        """Codec and setting in words."""
        return f"{self.codec.name}, {self.codec.setting} {self.setting}"


@dataclass(frozen=True)
class Ladder:
    """The files of a picture that are scored so far.

    Args:
        picture: the picture
        metrics: names of the metrics, the first of which decides which files are good enough
        total: how many files there will be
        settings: everything that decides the scores; JSON-able
        warnings: what weakens the scores
        steps: the files
        notes: which codecs have no files, and why
        seconds: how long it has taken
    """

    picture: Picture
    metrics: tuple[str, ...]
    total: int
    settings: Mapping[str, Any]
    warnings: tuple[str, ...]
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0

    @property
    def main(self) -> MetricInfo:
        """The metric that decides which files are good enough."""
        return metric_info(self.metrics[0])

    @property
    def pixels(self) -> int:
        """How many pixels the picture has."""
        height, width = self.picture.decoded.shape
        return height * width

    def value(self, step: Step, metric: str) -> float | None:
        """A file's score by a metric; None if it has none."""
        measured = step.score.measurements.get(metric)
        return None if measured is None else measured.value


class LadderMaker:
    """Makes ladders and scores them, by models that are loaded when they are first needed.

    Args:
        place: makes the path of a new file from its suffix
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
        weights: file or folder of DeepMSE's weights; None searches for them

    Attributes:
        offered: the metrics that visitors may choose
        codecs: the codecs that they may choose
    """

    def __init__(self, place: Callable[[str], Path], device: str = "auto", weights: Path | None = None) -> None:
        self.offered = tuple(runnable("FR"))
        self.codecs = tuple(codec for codec in CODECS if codec.is_here)
        self._place = place
        self._scorers = Scorers(device, weights)

    def __call__(self, picture: Picture, codecs: object, metrics: object) -> Iterator[Ladder]:
        """Make a picture's files and score them: the ladder at the start, and after each file.

        Args:
            picture: the picture
            codecs: names of codecs, as a client sent them; none for all that are here
            metrics: names of metrics, as a client sent them; none for DeepMSE

        Raises:
            UsageError: if a codec or metric is not offered, or the picture is too large
            WeightsError: if weights are missing or damaged
        """
        names = chosen_names(self.offered, metrics, "metrics") or (IN_PAIRS,)
        chosen = self._chosen(codecs)
        _check_size(picture)
        scorer = self._scorers(names)
        missing = tuple(f"{codec.name}: {codec.lack()}." for codec in CODECS if codec not in self.codecs)
        total = sum(len(codec.settings) for codec in chosen)
        ladder = Ladder(picture, names, total, scorer.describe(), scorer.warnings, notes=missing)
        yield ladder
        start = time.perf_counter()
        failed: dict[str, str] = {}
        files = self._files(picture.decoded.image, chosen, failed)
        for score in scorer.run(Item(key, path, picture.path) for *key, path in files):
            codec, setting, size = score.item.key
            step = Step(codec, setting, Path(score.item.dist), size, score)
            ladder = replace(ladder, steps=(*ladder.steps, step), seconds=time.perf_counter() - start)
            yield ladder
        yield replace(ladder, notes=(*missing, *(f"{name}: {reason}" for name, reason in failed.items())))

    def _chosen(self, names: object) -> Sequence[Codec]:
        here = {codec.name: codec for codec in self.codecs}
        if not isinstance(names, list | tuple) or not all(isinstance(name, str) and name in here for name in names):
            raise UsageError(f"Choose codecs by a list of names. Here are {', '.join(here)}.")
        return [codec for name, codec in here.items() if name in names or not names]

    def _files(
        self, image: Image.Image, codecs: Sequence[Codec], failed: dict[str, str]
    ) -> Iterator[tuple[Codec, int, int, Path]]:
        """Codec, setting, size and path of each file, made when it is asked for."""
        for codec in codecs:
            for setting in codec.settings:
                stream = BytesIO()
                try:
                    image.save(stream, codec.format, **codec.options(setting))
                except (OSError, ValueError) as error:
                    failed[codec.name] = f"cannot hold this picture ({error})."
                    break
                path = self._place(codec.suffix)
                path.write_bytes(stream.getvalue())
                yield codec, setting, len(stream.getvalue()), path


def _check_size(picture: Picture) -> None:
    height, width = picture.decoded.shape
    if height * width > MAX_PIXELS_OF_OTHERS:
        raise UsageError(
            f"“{picture.name}” is too large to be compressed in so many ways here: {picture.size}, of at most "
            f"{MAX_PIXELS_OF_OTHERS / 1e6:g} million. Choose a smaller one."
        )
