"""Table 9 of the deep-feature paper: which of several no-reference methods is better, by a one-sided t-test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ...evaluation import PairTest, compare_metrics
from ...figures import significance_matrix
from ...metrics import metric_info, metric_names
from .. import scores
from ..context import Context
from ..outcome import Entry, Outcome
from . import data, gpr

TEST: Final = "t"


def measure(context: Context) -> Outcome:
    """Compare what is at hand of no-reference methods, on what is at hand of datasets with references.

    Raises:
        UsageError: a dataset is malformed, or the folder for results cannot be written to
    """
    failures = data.Failures()
    judged = data.at_hand((*data.DATASETS, *data.AT_HAND), context, failures)
    metrics, reasons = scores.usable(metric_names("NR"), context)
    failures.lacking += [f"{metric_info(name).title}: {reason}" for name, reason in reasons.items()]
    entries: list[Entry] = []
    figures = []
    settings: dict[str, Any] = {}
    for name, each in judged.items():
        if not any(each.references):
            continue
        found: dict[str, data.Vector] = {}
        for method in gpr.METHODS:
            with failures.caught(method.title):
                found[method.title], settings[f"{name}, {method.title}"] = gpr.within(method, each, context)
        engine = scores.scorer(metrics, context) if metrics else None
        if engine is not None:
            table = scores.score(each.dataset, engine, f"{name}.no-reference", context)
            settings[name] = engine.describe()
            known = [index for index, record in enumerate(each.dataset.records) if record.target is not None]
            for metric in metrics:
                info = metric_info(metric)
                found[info.title] = np.array(table.numbers(info.field))[known]
        significance = compare_metrics(
            found,
            each.opinions,
            lower_is_better={title: title in _lower(metrics) for title in found},
            target_lower_is_better=each.dataset.target_lower_is_better,
            clusters=each.references,
        )
        if significance.reason is not None:
            failures.lacking.append(f"{each.title}: {significance.reason}")
            continue
        figures.append((name, significance_matrix(significance, TEST, {title: title for title in found})))
        entries += [_entry(pair, each.title, significance.n) for pair in significance.pairs]
    return Outcome(
        "features-9",
        "One-sided t-tests of no-reference methods: deep-feature paper, table 9",
        tuple(entries),
        settings,
        tuple(dict.fromkeys(failures.lacking)),
        notes=(
            "Paired, on the SRCCs within each reference, for the method whose mean is higher; p-values after Holm's "
            "correction over both directions of all pairs.",
            "The paper compares its method with twelve that are not implemented here, and does not say what its mean "
            "correlation is over. Its table has 1 in every cell off the diagonal: each method better than every "
            "other, which no one-sided test finds. So there is nothing to compare with.",
        ),
        figures=tuple(figures),
    )


def _entry(pair: PairTest, title: str, n: int) -> Entry:
    better = pair.better(TEST)
    verdict = "neither is better" if better is None else f"{better} is better"
    return Entry(
        f"{pair.first} / {pair.second}",
        f"p, {title}",
        measured=pair.p_holm[TEST],
        n=n,
        reason=pair.reasons.get(TEST, verdict),
    )


def _lower(metrics: Sequence[str]) -> set[str]:
    return {metric_info(name).title for name in metrics if metric_info(name).lower_is_better}
