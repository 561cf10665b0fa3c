"""How a network is trained, and how far training is. Loads no PyTorch."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from io import StringIO
from typing import Any, Final, Literal, get_args

from ..errors import UsageError

Schedule = Literal["constant", "cosine", "exponential", "plateau"]
BestBy = Literal["srcc", "loss"]
Precision = Literal["32-true", "bf16-mixed", "16-mixed"]

LOSSES: Final = ("mse", "plcc", "norm-in-norm", "ranking")
"""Names of the losses of :mod:`~deepmse.plugin.learning.losses`."""

#: Epochs without a better one after which the plateau schedule halves the learning rate.
_PLATEAU: Final = 3


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes:
        epochs: passes over the examples
        learning_rate: Adam's, at first
        final_learning_rate: where the schedule ends; None for a hundredth of the first. The constant one has none
        schedule: of the learning rate over epochs: "constant", "cosine", "exponential", or "plateau", which halves it
            after three epochs without a better one
        batch_size: examples at a time
        loss: name of the loss, or several joined by +, see :mod:`~deepmse.plugin.learning.losses`
        best_by: keep the epoch of the highest "srcc" or the lowest "loss" on the validation examples
        patience: stop after so many epochs without a better one, and keep the best; None to train all
        keep_last: keep the network of the last epoch, whichever is best; without patience alone
        clip: largest norm of the gradient; None for any
        average: weight of the past in a moving average of the parameters, which is kept then; 0 for none
        precision: of the computation: "32-true", "bf16-mixed" or "16-mixed"
        seed: of everything random
    """

    epochs: int = 30
    learning_rate: float = 1e-4
    final_learning_rate: float | None = None
    schedule: Schedule = "constant"
    batch_size: int = 16
    loss: str = "mse"
    best_by: BestBy = "srcc"
    patience: int | None = None
    keep_last: bool = False
    clip: float | None = None
    average: float = 0.0
    precision: Precision = "32-true"
    seed: int = 0

    def __post_init__(self) -> None:
        rates = [self.learning_rate] + [rate for rate in (self.final_learning_rate,) if rate is not None]
        for name, good, allowed in (
            ("epochs", self.epochs >= 1, "1 or more"),
            ("learning_rate", _positive(rates[0]), "a number above 0"),
            ("final_learning_rate", _positive(rates[-1]), "a number above 0"),
            ("schedule", self.schedule in get_args(Schedule), _one_of(get_args(Schedule))),
            ("batch_size", self.batch_size >= 1, "1 or more"),
            ("loss", set(self.losses) <= set(LOSSES), f"{_one_of(LOSSES)}, or a sum of them such as mse+plcc"),
            ("best_by", self.best_by in get_args(BestBy), _one_of(get_args(BestBy))),
            ("patience", self.patience is None or self.patience >= 1, "1 or more"),
            ("clip", self.clip is None or _positive(self.clip), "a number above 0"),
            ("average", 0 <= self.average < 1, "0 to below 1"),
            ("precision", self.precision in get_args(Precision), _one_of(get_args(Precision))),
            ("seed", self.seed >= 0, "0 or more"),
        ):
            if not good:
                raise UsageError(f"training with {name} {getattr(self, name)!r}: allowed is {allowed}")

    @property
    def losses(self) -> list[str]:
        """Names of the losses whose sum is made small."""
        return [part.strip() for part in self.loss.split("+")]

    @property
    def keeps_last(self) -> bool:
        """Whether the last epoch is kept, whichever is best."""
        return self.keep_last and self.patience is None

    def rate(self, epoch: int, history: Sequence[Epoch]) -> float:
        """The learning rate of an epoch, counted from 0."""
        share = epoch / max(1, self.epochs - 1)
        first = self.learning_rate
        last = first / 100 if self.final_learning_rate is None else self.final_learning_rate
        if self.schedule == "cosine":
            return last + (first - last) * (1 + math.cos(math.pi * share)) / 2
        if self.schedule == "exponential":
            return float(first * (last / first) ** share)
        if self.schedule == "plateau":
            return max(last, first * 0.5 ** _stalls(history, self))
        return first


@dataclass(frozen=True)
class Epoch:
    """How far training is.

    Attributes:
        number: of the epoch, from 1
        loss: mean over the epoch's batches, on standardised targets
        validation: the loss over all validation examples after the epoch; None without any
        srcc: Spearman's correlation of predictions and targets of the validation examples; None without any, or where
            either does not vary
        learning_rate: of the epoch
    """

    number: int
    loss: float
    validation: float | None
    srcc: float | None = None
    learning_rate: float | None = None


def badness(epoch: Epoch, settings: Settings) -> tuple[float, int]:
    """Sorts epochs, the best first, the earlier of equal ones before."""
    if settings.best_by == "loss":
        return (math.inf if epoch.validation is None else epoch.validation), epoch.number
    return (math.inf if epoch.srcc is None else -epoch.srcc), epoch.number


def _stalls(history: Sequence[Epoch], settings: Settings) -> int:
    """How often so many epochs in a row were not better that the rate is halved."""
    best, since, stalls = math.inf, 0, 0
    for epoch in history:
        now = epoch.loss if epoch.validation is None else badness(epoch, settings)[0]
        best, since = (now, 0) if now < best else (best, since + 1)
        if since == _PLATEAU:
            stalls, since = stalls + 1, 0
    return stalls


def log(history: Sequence[Epoch]) -> str:
    """Epochs as CSV."""
    text = StringIO()
    writer = csv.DictWriter(text, list(asdict(history[0])), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(epoch) for epoch in history)
    return text.getvalue()


def _positive(value: float) -> bool:
    return 0 < value < math.inf


def _one_of(names: Sequence[Any]) -> str:
    return f"{', '.join(map(str, names[:-1]))} or {names[-1]}"
