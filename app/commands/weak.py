"""deepmse train fr --labels metrics: distorted photographs, and what metrics say of them in the place of opinions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...plugin.errors import UsageError
from .. import terminal

if TYPE_CHECKING:
    from ...plugin.datasets import QualityDataset
    from ...plugin.learning.labels import LabelledImages


def read_weak(data: Path, work: Path | None, metrics: Sequence[str], device: str, seed: int) -> LabelledImages:
    """Distorted photographs labelled by metrics, and their originals, labelled as copies of themselves.

    Args:
        data: a folder that ``deepmse synth`` made, or of photographs
        work: where distorted pictures and scores are kept, from which an interrupted run goes on; None for a made
            folder itself
        metrics: names of full-reference metrics
        device: where to compute
        seed: of what is random in distortions

    Raises:
        UsageError: if there are no photographs, a metric compares nothing, or nothing can be written
        WeightsError: if a metric's weights are not found
    """
    from ...plugin.datasets.records import Record
    from ...plugin.learning.weak import by_metrics
    from ...plugin.metrics import metric_info
    from ...plugin.reproduction.context import Context
    from ...plugin.reproduction.scores import score, scorer

    infos = [metric_info(name) for name in metrics]
    if blind := [info.name for info in infos if info.kind != "FR"]:
        raise UsageError(f"{blind[0]} compares nothing; labels are made by metrics with a reference")
    made, folder = _pairs(data, work, seed)
    references = dict.fromkeys(record.ref for record in made.records)
    whole = replace(made, records=(*made.records, *(Record(dist=ref, ref=ref) for ref in references if ref)))
    context = Context(out=folder, device=device, progress=terminal.progress)
    table = score(whole, scorer([info.name for info in infos], context), "labels", context)
    found = by_metrics(
        whole,
        {info.name: table.numbers(info.field) for info in infos},
        {info.name: info.lower_is_better for info in infos},
    )
    for note in found.left_out:
        terminal.err.print(note)
    return found


def _pairs(data: Path, work: Path | None, seed: int) -> tuple[QualityDataset, Path]:
    """The distorted pictures, and the folder to keep scores in."""
    from ...plugin import datasets
    from ...plugin.datasets.csv import MANIFEST
    from ...plugin.datasets.synthesis.distorted_sets import make_synthetic

    if (data / MANIFEST).is_file():
        return datasets.load("csv", data), work or data
    if not data.is_dir():
        raise UsageError(f"{data}: no such folder; --labels metrics takes one of photographs, or of `deepmse synth`")
    if work is None:
        raise UsageError(f"{data}: is no folder of `deepmse synth`; to distort its photographs, name --work FOLDER")
    with terminal.bar("Distorting") as update:
        return make_synthetic(data, work / "pairs", seed=seed, progress=update), work
