"""Distorted photographs for the no-reference model to learn from, each with its likeness to the original.

out/NAME_000.png    the pictures
out/likeness.jsonl  a line a picture, in the order of making: what was done to which photograph, and the metrics
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from ...datasets.synthesis.mixtures import Draw
from ...datasets.synthesis.photos import read_photo
from ...datasets.synthesis.products import write_png
from ...files import locked
from .likeness import Comparison, likeness

Progress = Callable[[int, int | None], None]

#: Kinds whose likeness says less of opinion than that of others: tones, few values, moved pixels, sharpening.
DOUBTFUL: Final = frozenset(
    ["high_sharpen", "brighten", "darken", "quantization", "color_quantization", "jitter", "pixelate"]
)


@dataclass(frozen=True)
class Source:
    """A photograph as good as they come.

    Args:
        name: of it, no other's
        path: its file
        pictures: how many are made of it; the first is the photograph as it is
        first: number of the first that is needed
    """

    name: str
    path: Path
    pictures: int
    first: int = 0


@dataclass(frozen=True)
class Picture:
    """One that was made.

    Args:
        path: its file
        source: name of the photograph
        draw: what was done
        haarpsi: against the photograph
        mdsi: against the photograph
    """

    path: Path
    source: str
    draw: Draw
    haarpsi: float
    mdsi: float

    @property
    def clean(self) -> bool:
        """Whether it is a photograph as it is, or reduced."""
        return not self.draw.steps

    @property
    def doubtful(self) -> bool:
        """Whether likeness says little of opinion."""
        return any(name in DOUBTFUL for name, _ in self.draw.steps)


def make(sources: Sequence[Source], out: Path, *, seed: int = 0, progress: Progress | None = None) -> list[Picture]:
    """Make all pictures, or go on where an interrupted run ended.

    Args:
        sources: the photographs
        out: folder for the pictures
        seed: of what is drawn; each picture has a stream of its own
        progress: told how many are done, and of how many

    Raises:
        ImageError: a photograph cannot be used
        OutputError: something cannot be written
    """
    jobs = [(source, number) for source in sources for number in range(source.first, source.pictures)]
    # A part of the set, in this order, has a like part of every photograph's pictures.
    jobs.sort(key=lambda job: (job[1] / job[0].pictures, job[0].name))
    compare = likeness()
    out.mkdir(parents=True, exist_ok=True)
    table = out / "likeness.jsonl"
    with locked(table):
        lines = _whole_lines(table)
        with table.open("w", encoding="utf-8") as file:
            file.writelines(lines)
            for done, (source, number) in enumerate(jobs):
                if done >= len(lines):
                    file.write(json.dumps(_made(source, number, out, seed, compare)) + "\n")
                    file.flush()
                if progress:
                    progress(done + 1, len(jobs))
    return [_picture(json.loads(line), out) for line in _whole_lines(table)]


def _made(source: Source, number: int, out: Path, seed: int, compare: Comparison) -> dict[str, Any]:
    name = f"{source.name}_{number:03d}.png"
    rng = np.random.default_rng([seed, zlib.crc32(f"{source.name} {number}".encode())])
    draw = Draw.random(rng) if number else Draw(1.0, (), 0)
    original, picture = draw(np.array(read_photo(source.path, None)))
    recipe = {"source": source.name, "scale": draw.scale, "steps": draw.steps, "seed": draw.seed}
    write_png(out / name, Image.fromarray(picture), json.dumps(recipe))
    return {"file": name, **recipe, **compare(original, picture)}


def _picture(row: dict[str, Any], out: Path) -> Picture:
    steps = tuple((name, strength) for name, strength in row["steps"])
    draw = Draw(row["scale"], steps, row["seed"])
    return Picture(out / row["file"], row["source"], draw, row["haarpsi"], row["mdsi"])


def _whole_lines(table: Path) -> list[str]:
    """What was written; a last line that was cut off is left out."""
    if not table.is_file():
        return []
    return [line for line in table.read_text(encoding="utf-8").splitlines(keepends=True) if line.endswith("\n")]
