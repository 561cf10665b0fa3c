"""Table 1 of the ConvNeXt paper: agreement of no-reference methods with opinion on KonIQ-10k."""

from __future__ import annotations

from typing import Any, Final

from ...datasets import dataset_info
from ..context import Context
from ..outcome import Entry, Outcome
from . import models

OURS: Final = "ConvNeXt (Ours)"

#: PLCC and SRCC by approach.
PUBLISHED: Final = {
    "WaDIQaM": (0.794, 0.799),
    "BIECON": (0.620, 0.681),
    "SFA": (0.859, 0.847),
    "BRISQUE": (0.668, 0.701),
    "BIQA": (0.902, 0.918),
    "HOSA": (0.674, 0.697),
    "PQR": (0.873, 0.881),
    "ILNIQE": (0.501, 0.524),
    "DBCNN": (0.832, 0.887),
    "MetaliQA": (0.847, 0.888),
    OURS: (0.920, 0.940),
}
STATISTICS: Final = ("plcc", "srcc")

MAE: Final = 0.0066
"""On the test images (section 4.1); on which scale the paper does not say."""

TOLERANCE: Final = 0.02
"""Of correlations, from the paper's of a split that it does not give."""


def measure(context: Context) -> Outcome:
    """Table 1, and the mean absolute error that the text gives.

    Raises:
        UsageError: a dataset is malformed, or the folder for results cannot be written to
    """
    found, reasons = models.at_hand(context)
    koniq = dataset_info(models.PUBLISHED).title
    entries: list[Entry] = []
    for approach, values in PUBLISHED.items():
        if approach != OURS:
            reason = "training it on the dataset is not implemented here"
            entries += [
                Entry(approach, f"{name.upper()}, {koniq}", value, reason=reason)
                for name, value in zip(STATISTICS, values, strict=True)
            ]
    if not any(model.dataset == models.PUBLISHED for model in found):
        published = (*zip(STATISTICS, PUBLISHED[OURS], strict=True), ("mae", MAE))
        reason = "no model at hand"
        entries += [Entry(OURS, f"{name.upper()}, {koniq}", value, reason=reason) for name, value in published]
    for model in found:
        entries += _entries(model)
    settings: dict[str, Any] = {model.dataset: model.card for model in found}
    return Outcome(
        "convnext-1",
        "Agreement of no-reference methods with opinion on KonIQ-10k: ConvNeXt paper, table 1",
        tuple(entries),
        settings,
        tuple(reasons.values()),
        notes=(
            "On test images that training has not seen: of the dataset's own split where it has one, else 30 % at "
            "random. The paper splits 70/30 and gives neither its split nor its network's size, rate and batches.",
            "PLCC is after the logistic fit; MAE is of the score as it is, as a share of the opinion scale.",
        ),
    )


def _entries(model: models.Model) -> list[Entry]:
    results, title = model.card["results"], dataset_info(model.dataset).title
    compared = model.dataset == models.PUBLISHED
    published = dict(zip(STATISTICS, PUBLISHED[OURS], strict=True)) if compared else {}
    entries = [
        Entry(
            model.title,
            f"{name.upper()}, {title}",
            published=published.get(name),
            measured=results[name],
            tolerance=TOLERANCE if compared else None,
            n=results["n"],
            interval=tuple(results["intervals_95"][name]) if name in results["intervals_95"] else None,
            reason=results["reason"],
        )
        for name in STATISTICS
    ]
    scale = "the paper does not say on which scale" if compared else None
    entries.append(
        Entry(
            model.title,
            f"MAE, {title}",
            published=MAE if compared else None,
            measured=None if results["mae"] is None else results["mae"] / 100,
            n=results["n"],
            reason=scale,
            digits=4,
        )
    )
    return entries
