"""Figures 4 and 5 of the DeepMSE paper: SRCC and KRCC for each distortion of CSIQ and of LIVE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from ...datasets import dataset_info
from ...figures import statistics_table
from .. import scores
from ..context import Context
from ..outcome import Entry, Outcome

STATISTICS: Final = ("srcc", "krcc")

TOLERANCE: Final = 0.01

# The paper prints the numbers of the lowest cell only: SRCC and KRCC.
CSIQ_LOWEST: Final = {"contrast loss": (0.94, 0.80)}
LIVE_LOWEST: Final = {"fast fading": (0.93, 0.77)}


def measure_csiq(context: Context) -> Outcome:
    """Measure figure 4 where CSIQ is at hand.

    Raises:
        UsageError: the dataset is malformed, or the folder for results cannot be written to
    """
    return _measure("deepmse-csiq", "DeepMSE paper, figure 4: CSIQ", ["csiq"], CSIQ_LOWEST, context)


def measure_live(context: Context) -> Outcome:
    """Measure figure 5 where LIVE release 2, or the subset of it, is at hand.

    Raises:
        UsageError: a dataset is malformed, or the folder for results cannot be written to
    """
    return _measure(
        "deepmse-live", "DeepMSE paper, figure 5: LIVE", ["live_release2", "live_subset"], LIVE_LOWEST, context
    )


def _measure(
    name: str,
    title: str,
    datasets: Sequence[str],
    lowest: Mapping[str, tuple[float, float]],
    context: Context,
) -> Outcome:
    """The first of ``datasets`` is the paper's, and the only one that its values are compared with."""
    published_for, *_ = datasets
    entries: list[Entry] = []
    lacking: list[str] = []
    figures = []
    settings = {}
    for dataset_name in datasets:
        info = dataset_info(dataset_name)
        if dataset_name not in context.roots:
            lacking.append(f"{info.title}: unpack it and name its folder, {dataset_name}=FOLDER ({info.citation})")
            if dataset_name == published_for:
                entries += [
                    Entry(
                        distortion, f"{statistic.upper()}, {info.title}", value, reason=f"{info.title} is not at hand"
                    )
                    for distortion, values in lowest.items()
                    for statistic, value in zip(STATISTICS, values, strict=True)
                ]
            continue
        dataset = scores.load(dataset_name, context)
        engine = scores.scorer(["deepmse"], context)
        table = scores.score(dataset, engine, f"{dataset_name}.deepmse", context)
        settings[dataset_name] = engine.describe()
        rows = scores.agreement(
            dataset, table, ["deepmse"], groups=[record.distortion for record in dataset.records]
        ).rows
        figures.append((dataset_name, statistics_table(rows)))
        for row in rows:
            published = lowest.get(row.group, (None, None)) if dataset_name == published_for else (None, None)
            entries += [
                Entry(
                    row.group,
                    f"{statistic.upper()}, {info.title}",
                    published=value,
                    measured=getattr(row, statistic),
                    tolerance=TOLERANCE,
                    n=row.n,
                    interval=row.intervals.get(statistic),
                    reason=row.reason,
                )
                for statistic, value in zip(STATISTICS, published, strict=True)
            ]
    return Outcome(
        name,
        f"Agreement of DeepMSE with opinion for each distortion: {title}",
        tuple(entries),
        settings,
        tuple(lacking),
        notes=("The paper prints the numbers of the distortion with the lowest agreement only.",),
        figures=tuple(figures),
    )
