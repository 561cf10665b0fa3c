"""Scores of a dataset's images, kept in a file so that an interrupted reproduction goes on where it stopped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .. import datasets, tables
from ..datasets import QualityDataset
from ..engine import score_tables
from ..engine.scorer import Scorer
from ..errors import DeepMSEError
from ..evaluation import Evaluation, evaluate
from ..metrics import metric_info
from .context import Context

COLUMNS = ("dist", "ref", "distortion", "level", "target")


def usable(metrics: Sequence[str], context: Context) -> tuple[list[str], dict[str, str]]:
    """Which metrics can be computed here, and why each of the others cannot."""
    found: list[str] = []
    reasons: dict[str, str] = {}
    for name in metrics:
        try:
            scorer([name], context)
        except DeepMSEError as error:
            reasons[name] = str(error).splitlines()[0].removesuffix(" Tried:")
        else:
            found.append(name)
    return found, reasons


def scorer(metrics: Sequence[str], context: Context, **settings: Any) -> Scorer:
    """The engine, with the context's device and, for metrics that have them, weights."""
    takes_weights = any("weights" in metric_info(name).settings for name in metrics)
    if takes_weights and context.weights is not None:
        settings["weights"] = context.weights
    return Scorer(metrics, device=context.device, **settings)


def score(dataset: QualityDataset, engine: Scorer, name: str, context: Context) -> tables.Table:
    """Score every image of a dataset into ``NAME.csv`` in the context's folder; rows that are there are kept.

    Raises:
        UsageError: if the file cannot be written, or holds scores of another dataset or settings
    """
    context.out.mkdir(parents=True, exist_ok=True)
    pairs = _write_pairs(dataset, context.out / f"{name}.pairs.csv")
    metrics = list(engine.metrics)
    path = context.out / f"{name}.csv"
    with score_tables.ScoreWriter(path, pairs, metrics, engine.describe(), resume=True) as writer:
        items = score_tables.items(pairs)[len(writer.kept) :]
        for result in context.progress(engine.run(items), f"Scoring {dataset.name}", len(items)):
            writer.write(result)
    return tables.read_table(path)


def agreement(dataset: QualityDataset, table: tables.Table, metrics: Sequence[str], **settings: Any) -> Evaluation:
    """How well scores agree with a dataset's target, with intervals by bootstrap over its references."""
    infos = [metric_info(name) for name in metrics]
    references = [row["ref"] for row in table.rows]
    return evaluate(
        {info.name: table.numbers(info.field) for info in infos},
        table.numbers("target"),
        target_name=dataset.target_field,
        target_lower_is_better=dataset.target_lower_is_better,
        lower_is_better={info.name: info.lower_is_better for info in infos},
        clusters=references if any(references) else None,
        resamples=1000,
        **settings,
    )


def load(name: str, context: Context) -> QualityDataset:
    """A dataset of the context.

    Raises:
        UsageError: if it cannot be read
    """
    return datasets.load(name, context.roots[name])


def _write_pairs(dataset: QualityDataset, path: Path) -> tables.Table:
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write(tables.csv_line(COLUMNS))
        for record in dataset.records:
            values = (record.dist.resolve(), record.ref and record.ref.resolve(), record.distortion, record.level)
            file.write(tables.csv_line((*values, record.target)))
    return tables.read_table(path)
