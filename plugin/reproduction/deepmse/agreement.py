"""Table 1 of the DeepMSE paper: SRCC and KRCC of full-reference metrics on TID2013 and KADID-10k."""

from __future__ import annotations

from typing import Final

from ...datasets import QualityDataset, dataset_info
from ...errors import UsageError
from ...evaluation import Row
from ...metrics import metric_info, metric_names
from ...metrics.full_reference.deepmse import PRESETS
from .. import scores
from ..context import Context
from ..outcome import Entry, Outcome

DATASETS: Final = ("tid2013", "kadid10k")
STATISTICS: Final = ("srcc", "krcc")

TOLERANCE: Final = 0.01
"""Largest difference of a correlation that passes: decoders, resizing and weights move it by less."""

DEEPMSE: Final = "deepmse"

# By metric: SRCC and KRCC on TID2013, SRCC and KRCC on KADID-10k.
PUBLISHED: Final = {
    "psnr": (0.687, 0.496, 0.676, 0.488),
    "ssim": (0.720, 0.527, 0.724, 0.537),
    "ms-ssim": (0.786, 0.605, 0.826, 0.635),
    "fsimc": (0.851, 0.666, 0.854, 0.665),
    "vif": (0.677, 0.518, 0.679, 0.507),
    "nlpd": (0.800, 0.625, 0.812, 0.623),
    "pieapp": (0.876, 0.683, 0.836, 0.647),
    "lpips-vgg": (0.670, 0.497, 0.843, 0.653),
    "dists": (0.830, 0.639, 0.887, 0.709),
    "deepdc": (0.844, 0.651, 0.905, 0.733),
    "swlgv": (0.804, 0.637, 0.840, 0.655),
    DEEPMSE: (0.877, 0.697, 0.901, 0.723),
}
NOT_HERE: Final = "this metric is not implemented here"


def measure(context: Context) -> Outcome:
    """Measure the table on what datasets and metrics are at hand.

    Raises:
        UsageError: a dataset is malformed, or the folder for results cannot be written to
    """
    lacking: list[str] = []
    available, reasons = scores.usable([name for name in PUBLISHED if name in metric_names("FR")], context)
    entries: list[Entry] = []
    settings = {}
    for index, name in enumerate(DATASETS):
        published = {metric: values[2 * index : 2 * index + 2] for metric, values in PUBLISHED.items()}
        if name not in context.roots:
            info = dataset_info(name)
            lacking.append(f"{info.title}: unpack it and name its folder, {name}=FOLDER ({info.citation})")
            entries += _unmeasured(published, name, f"{info.title} is not at hand")
            continue
        dataset = scores.load(name, context)
        rows, reached = _rows(dataset, available, context)
        settings[name] = reached
        for metric, values in published.items():
            reason = reasons.get(metric) or (None if metric in metric_names("FR") else NOT_HERE)
            for label, row in rows.get(metric, [(_title(metric), None)]):
                entries += _entries(label, row, values, name, reason)
    lacking += [f"{_title(metric)}: {reason}" for metric, reason in reasons.items()]
    return Outcome(
        "deepmse-1",
        "Agreement of full-reference metrics with opinion: DeepMSE paper, table 1",
        tuple(entries),
        settings,
        tuple(lacking),
        notes=(
            "The paper does not say which five stages it compares: each reading is a preset of its own, and the "
            f"default is {next(iter(PRESETS))}.",
            "The paper took its values of the other metrics from different implementations; LPIPS is taken to be the "
            "one on VGG.",
        ),
    )


def _rows(
    dataset: QualityDataset, metrics: list[str], context: Context
) -> tuple[dict[str, list[tuple[str, Row]]], dict[str, object]]:
    """Each metric's rows with their labels, of DeepMSE one a preset; and the settings."""
    found: dict[str, list[tuple[str, Row]]] = {}
    described: dict[str, object] = {}
    runs: list[tuple[str, list[str], dict[str, str], str]] = [
        (dataset.name, [name for name in metrics if name != DEEPMSE], {}, "")
    ]
    if DEEPMSE in metrics:
        runs += [
            (f"{dataset.name}.{DEEPMSE}.{preset.replace('+', '-')}", [DEEPMSE], {"preset": preset}, f" ({preset})")
            for preset in PRESETS
        ]
    for file, names, preset, suffix in runs:
        if not names:
            continue
        engine = scores.scorer(names, context, **preset)
        table = scores.score(dataset, engine, file, context)
        described[file] = engine.describe()
        for row in scores.agreement(dataset, table, names).rows:
            found.setdefault(row.metric, []).append((f"{_title(row.metric)}{suffix}", row))
    return found, described


def _entries(
    label: str, row: Row | None, published: tuple[float, ...], dataset: str, reason: str | None
) -> list[Entry]:
    return [
        Entry(
            label,
            f"{statistic.upper()}, {dataset_info(dataset).title}",
            published=value,
            measured=None if row is None else getattr(row, statistic),
            tolerance=TOLERANCE,
            n=None if row is None else row.n,
            interval=None if row is None else row.intervals.get(statistic),
            reason=reason if row is None else row.reason,
        )
        for statistic, value in zip(STATISTICS, published, strict=True)
    ]


def _unmeasured(published: dict[str, tuple[float, ...]], dataset: str, reason: str) -> list[Entry]:
    return [
        entry
        for metric, values in published.items()
        for entry in _entries(_title(metric), None, values, dataset, reason)
    ]


def _title(metric: str) -> str:
    try:
        return metric_info(metric).title
    except UsageError:
        return metric.upper()
