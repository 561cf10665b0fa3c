"""How well a trained model does, in numbers and words, the same for every family. Loads no PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .settings import Epoch, Settings


def better_than_mean(missed: float, missed_by_mean: float) -> str:
    """By how much scores miss labels that were not learnt from, beside what their mean does, in a sentence.

    Args:
        missed: root mean square of scores minus labels, of 100
        missed_by_mean: that of the labels' mean
    """
    how = "less" if missed < missed_by_mean else "more"
    share = f"{abs(1 - missed / missed_by_mean):.0%} {how} than" if missed != missed_by_mean else "as much as"
    return (
        f"On images that it has not learnt from, the model's scores miss the labels by {missed:.1f} of 100 (RMSE, "
        f"without a fit): {share} the labels' mean, which misses them by {missed_by_mean:.1f}."
    )


def watched(kept: Epoch, targets: NDArray[np.float64] | None, std: float, settings: Settings) -> dict[str, Any]:
    """What the images that were held out say of the epoch that is kept; JSON-able.

    Args:
        kept: the epoch
        targets: standardised opinions of the images held out, (N,); None without any
        std: deviation of the opinions by which they are standardised, of 100
        settings: of the training; errors in the opinions' unit are known where the squared one is what it watches
    """
    found: dict[str, Any] = {"validation_srcc": kept.srcc, "validation_loss": kept.validation}
    if targets is None or kept.validation is None or settings.losses != ["mse"]:
        return found
    missed, missed_by_mean = (std * float(np.sqrt(square)) for square in (kept.validation, np.mean(targets**2)))
    return {
        **found,
        "validation": len(targets),
        "rmse_without_fit": missed,
        "rmse_of_mean": missed_by_mean,
        "in_words": better_than_mean(missed, missed_by_mean),
    }


def curve(epochs: Sequence[Epoch]) -> list[dict[str, Any]]:
    """Epochs as a model card has them."""
    return [asdict(epoch) for epoch in epochs]
