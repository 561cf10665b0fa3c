"""Tables 1 to 3 of the three-branch paper."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ...datasets import dataset_info
from ...evaluation import Row
from ...learning.files import versions
from ...learning.three_branch.model import Architecture
from ...metrics import metric_info
from ...networks.pyramids import ENCODERS
from ...networks.taps import BACKBONES
from .. import scores as engine
from ..context import Context
from ..outcome import Entry, Outcome
from .arithmetic import SIDE, arithmetic
from .training import BRANCHES, CROP, SMALL, Subject, architecture, out_of_fold, scores

PAPERS: Final = ("kadid10k", "pipal")
AT_HAND: Final = "live_subset"

STATISTICS: Final = ("srcc", "krcc")
"""In the order of the paper's columns, of KADID-10k and then of PIPAL."""

SMALL_ENCODER: Final = "squeezenet"
SEEDS: Final = (0, 1, 2)

OURS: Final = "three branches"
TABLE_1: Final[Mapping[str, tuple[float, ...]]] = {
    "WaDIQaM": (0.8909, 0.7079, 0.6250, 0.4459),
    "lpips-alex": (0.8137, 0.6222, 0.5870, 0.4112),
    "lpips-vgg": (0.7138, 0.5269, 0.5735, 0.4048),
    "dists": (0.7966, 0.6094, 0.5785, 0.4065),
    OURS: (0.9536, 0.8128, 0.6580, 0.4738),
}
TABLE_2: Final[Mapping[str, tuple[float, ...]]] = {
    "frp": (0.9200, 0.7579, 0.5650, 0.3971),
    "frp-frnp": (0.9315, 0.7765, 0.6215, 0.4422),
    "frp-frnp-nr": (0.9436, 0.7952, 0.6460, 0.4617),
}
TABLE_3: Final[Mapping[str, tuple[float, ...]]] = {
    "vgg16": (0.9436, 0.7952, 0.6460, 0.4617),
    "resnet50": (0.9493, 0.8068, 0.6613, 0.4761),
    "inception-v3": (0.9536, 0.8128, 0.6580, 0.4738),
}

#: Metrics of table 1, and those that stand beside the models on the images at hand.
COMPARED: Final = ("lpips-alex", "lpips-vgg", "dists")
BESIDE: Final = ("deepmse", "haarpsi")

_RECIPE: Final = (
    f"{BACKBONES[SMALL_ENCODER].title} in all branches, crops of {CROP}×{CROP} pixels, {SMALL.epochs} epochs of Adam "
    f"from {SMALL.learning_rate:g} to {SMALL.final_learning_rate:g} in batches of {SMALL.batch_size}, the last epoch "
    "kept: a recipe for dozens of pairs on a CPU, not the paper's for thousands on a GPU."
)
_GPU: Final = (
    "the paper's models learn thousands of pairs with Inception-v3, ResNet-50 or VGG16: train them on a GPU by "
    "`deepmse train fr {name} ROOT`, with --split images for the paper's likely reading"
)


def measure_1(context: Context) -> Outcome:
    """Table 1: the model beside other metrics, split by reference and by image.

    Raises:
        UsageError: a dataset is malformed, or the folder for results cannot be written to
    """
    entries, lacking = _published(TABLE_1, context, _title)
    if AT_HAND in context.roots:
        subject = Subject.of(AT_HAND, context)
        entries += _beside(subject, COMPARED, context, lacking)
        model = architecture(SMALL_ENCODER, BRANCHES["frp-frnp-nr"])
        fair = subject.agreement(out_of_fold(subject, model, subject.by_reference(), "frp-frnp-nr", context))
        leaky = subject.agreement(out_of_fold(subject, model, subject.by_image(), "by-image", context))
        for way, row in (("by reference", fair), ("by image", leaky)):
            entries += _entries(f"{OURS}, split {way}", subject.title, row)
        entries += [
            Entry(
                f"{OURS}, by image less by reference",
                f"{statistic.upper()}, {subject.title}",
                measured=_difference(getattr(leaky, statistic), getattr(fair, statistic)),
                n=fair.n,
            )
            for statistic in STATISTICS
        ]
    return _outcome(
        "three-branch-1",
        "A model of three branches beside other metrics: three-branch paper, table 1",
        entries,
        lacking,
        "The paper splits KADID-10k 80 to 20 and does not say by what. A split by image has copies of one photograph "
        "on both sides, and does not measure how well copies of another would be judged; that by reference does.",
    )


def measure_2(context: Context) -> Outcome:
    """Table 2: branches left out; on the images at hand with several seeds, each reference left out in turn.

    Raises:
        UsageError: a dataset is malformed, or the folder for results cannot be written to
    """
    entries, lacking = _published(TABLE_2, context, _branches)
    if AT_HAND in context.roots:
        subject = Subject.of(AT_HAND, context)
        for name, there in BRANCHES.items():
            entries += _ablation(subject, name, _branches(name), architecture(SMALL_ENCODER, there), context)
        by_logarithm = replace(architecture(SMALL_ENCODER, BRANCHES["frp"]), log=True)
        entries += _ablation(subject, "frp-log", "FRP, logarithms of differences", by_logarithm, context)
        entries += _beside(subject, BESIDE, context, lacking)
    return _outcome(
        "three-branch-2",
        "Branches left out: three-branch paper, table 2",
        entries,
        lacking,
        f"Each reference is left out in turn; median of {len(SEEDS)} seeds, with the lowest and highest in the "
        "remark. Its interval is that of the seed whose SRCC is the median.",
        "FRP + NR and logarithms are no rows of the paper. Logarithms are of the averaged differences; features "
        "are then brought to mean 0 and deviation 1 of the training pairs.",
    )


def measure_3(context: Context) -> Outcome:
    """Table 3: encoders, with the arithmetic of the whole model for each.

    Raises:
        UsageError: a dataset is malformed, or the folder for results cannot be written to
    """
    entries, lacking = _published(TABLE_3, context, lambda name: BACKBONES[name].title)
    for encoder in ENCODERS:
        found = arithmetic(Architecture(encoder, encoder, encoder))
        title = BACKBONES[encoder].title
        for column, value in (
            (f"multiply-adds, {SIDE}×{SIDE}, thousand millions", found.multiply_adds / 1e9),
            ("parameters, millions", found.parameters / 1e6),
            ("trained parameters, millions", found.trained / 1e6),
            ("features", float(found.features)),
        ):
            entries.append(Entry(title, column, measured=value, digits=0 if column == "features" else 3))
    return _outcome(
        "three-branch-3",
        "Encoders of the three branches: three-branch paper, table 3",
        entries,
        lacking,
        "Multiply-adds of convolutions and matrix products for one pair: both images in the two branches that "
        "compare, the distorted one in the third. The paper gives no such numbers.",
        "AlexNet's first convolution takes every fourth pixel, so that its four scales begin at a quarter of the "
        "sides.",
    )


def _ablation(subject: Subject, name: str, title: str, model: Architecture, context: Context) -> list[Entry]:
    folds = subject.by_reference()
    rows = [subject.agreement(out_of_fold(subject, model, folds, name, context, seed=seed)) for seed in SEEDS]
    found = []
    for statistic in STATISTICS:
        known = sorted(
            (row for row in rows if getattr(row, statistic) is not None), key=lambda row: getattr(row, statistic)
        )
        if len(known) < len(rows):
            reason = "; ".join(dict.fromkeys(row.reason or "not defined" for row in rows if row not in known))
            found.append(Entry(title, f"{statistic.upper()}, {subject.title}", reason=reason))
            continue
        values = [getattr(row, statistic) for row in known]
        found.append(
            Entry(
                title,
                f"{statistic.upper()}, {subject.title}",
                measured=statistics.median(values),
                n=known[0].n,
                interval=known[len(known) // 2].intervals.get(statistic),
                reason=f"{len(values)} seeds, {values[0]:.3f} to {values[-1]:.3f}",
            )
        )
    return found


def _beside(subject: Subject, metrics: Sequence[str], context: Context, lacking: list[str]) -> list[Entry]:
    """Metrics that learn nothing, on the same images."""
    entries = []
    usable, reasons = engine.usable(metrics, context)
    lacking += [f"{metric_info(name).title}: {reason}" for name, reason in reasons.items()]
    for name in usable:
        entries += _entries(
            metric_info(name).title, subject.title, subject.agreement(scores(name, subject.labelled, context))
        )
    return entries


def _published(
    table: Mapping[str, tuple[float, ...]], context: Context, title: Callable[[str], str]
) -> tuple[list[Entry], list[str]]:
    """The paper's numbers, which are not measured here, and why."""
    entries, lacking = [], []
    for place, dataset in enumerate(PAPERS):
        info = dataset_info(dataset)
        reason = _GPU.format(name=dataset) if dataset in context.roots else f"{info.title} is not at hand"
        lacking.append(f"{info.title}: {reason} ({info.citation})")
        for name, values in table.items():
            published = dict(zip(STATISTICS, values[2 * place : 2 * place + 2], strict=True))
            entries += [
                Entry(title(name), f"{statistic.upper()}, {info.title}", published=value, reason=reason)
                for statistic, value in published.items()
            ]
    return entries, lacking


def _entries(label: str, where: str, row: Row) -> list[Entry]:
    return [
        Entry(
            label,
            f"{statistic.upper()}, {where}",
            measured=getattr(row, statistic),
            n=row.n,
            interval=row.intervals.get(statistic),
            reason=row.reason,
        )
        for statistic in STATISTICS
    ]


def _difference(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else first - second


def _outcome(name: str, title: str, entries: Iterable[Entry], lacking: Iterable[str], *notes: str) -> Outcome:
    settings: dict[str, Any] = {"recipe": _RECIPE, "versions": versions("torch", "torchvision", "timm")}
    return Outcome(name, title, tuple(entries), settings, tuple(lacking), (_RECIPE, *notes))


def _branches(name: str) -> str:
    return " + ".join(part.upper() for part in name.split("-"))


def _title(name: str) -> str:
    return metric_info(name).title if name in COMPARED else name
