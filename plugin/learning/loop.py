"""The loop that trains networks on opinions: epochs, the best one by what it predicts, checkpoints to resume from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ..errors import OutputError, UsageError
from ..files import locked, write_whole
from ..threads import decoders
from .examples import Examples
from .learnt import remember
from .results import watched
from .settings import Epoch, Settings, log
from .steps import Run


@dataclass(frozen=True)
class Outcome:
    """What training came to.

    Attributes:
        state: the kept parameters, by the module's names
        epochs: all of them
        kept: the epoch whose parameters are kept
        skipped: names of examples that could not be used, with the reasons
    """

    state: dict[str, torch.Tensor]
    epochs: tuple[Epoch, ...]
    kept: Epoch
    skipped: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """A training that can begin.

    Attributes:
        module: gives quality (N,) of a batch of what the examples load
        training: the examples to learn from
        validation: examples to watch, which training does not see; None for none
        settings: how
        identity: what tells this training from another, beside the settings; JSON-able
        card: what its model card can say before it begins, mean and std of the opinions as target; JSON-able
    """

    module: nn.Module
    training: Examples
    validation: Examples | None
    settings: Settings
    identity: Mapping[str, Any]
    card: Mapping[str, Any]

    def remember(self, out: Path) -> None:
        """Keep the images' fingerprints beside the model's file; those watched count, since they chose the epoch.

        Args:
            out: the model's file

        Raises:
            OutputError: if it cannot be written
        """
        parts = [self.training] if self.validation is None else [self.training, self.validation]
        remember(out, [Path(part.name(index)) for part in parts for index in range(len(part.targets))])

    def results(self, outcome: Outcome) -> dict[str, Any]:
        """How well the kept parameters do on the examples held out, for the card."""
        targets = None if self.validation is None else self.validation.targets
        return watched(outcome.kept, targets, self.card["target"]["std"], self.settings)

    def train(self, out: Path, **how: Any) -> Outcome:
        """Do it: :func:`train` with ``out`` and ``how``, its device, ``resume`` and ``report``."""
        return train(self.module, self.training, self.settings, out, self.identity, validation=self.validation, **how)


def train(
    module: nn.Module,
    training: Examples,
    settings: Settings,
    out: Path,
    identity: Mapping[str, Any],
    *,
    validation: Examples | None = None,
    device: torch.device,
    resume: bool = False,
    report: Callable[[Epoch], None] = lambda epoch: None,
) -> Outcome:
    """Train those parameters of a module that ask for a gradient.

    Writes ``OUT.checkpoint.safetensors`` after each epoch, from which an interrupted training goes on to the same
    result, bit for bit on a CPU, and ``OUT.log.csv`` with a row an epoch.

    Args:
        module: gives quality (N,) of a batch of what the examples load
        training: the examples to learn from
        settings: how
        out: the model's file, by which checkpoint and log are called; not written here
        identity: what tells this training from another, beside the settings; JSON-able
        validation: examples to watch, which training does not see
        device: where to compute
        resume: go on from the checkpoint, if there is one
        report: told of each epoch when it is done

    Raises:
        UsageError: if the training stops early without validation examples, diverges, finds no usable image, or the
            checkpoint is of another training
        OutputError: if the checkpoint cannot be written; the last good one stays
    """
    if settings.patience is not None and validation is None:
        raise UsageError("stopping early needs validation images to watch")
    run = Run(module, settings, device)
    whole = json.dumps({**identity, "settings": asdict(settings)}, sort_keys=True)
    checkpoint, table = out.with_suffix(".checkpoint.safetensors"), out.with_suffix(".log.csv")
    with locked(out), decoders(device) as pool:
        if resume and checkpoint.exists():
            run.restore(checkpoint, whole)
        while not run.finished:
            epoch = run.epoch(training, validation, pool)
            try:
                run.save(checkpoint, whole)
                write_whole(table, log(run.history).encode())
            except OutputError as error:
                raise OutputError(
                    f"{error}; whole epochs that were written are kept: make room, and go on with --resume"
                ) from error
            report(epoch)
    return Outcome(run.kept_state(), tuple(run.history), run.kept, tuple(run.skipped))
