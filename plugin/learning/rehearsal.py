"""What a training would take: measured by steps of it, not guessed."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from ..errors import UsageError
from ..threads import decoders
from .loop import Job
from .steps import Run

#: The first step makes room for everything that the others use again, and is not timed.
_STEPS: Final = 2


@dataclass(frozen=True)
class Estimate:
    """What a training would take on this machine.

    Attributes:
        seconds_a_step: the second of two steps, decoding included
        seconds_of_validation: of one epoch's, by one batch of it; 0 without validation
        seconds: of all epochs, if it does not stop early
        bytes: most memory in use: of the device where it is a GPU, else of the whole process; None where it cannot be
            told
    """

    seconds_a_step: float
    seconds_of_validation: float
    seconds: float
    bytes: int | None


def rehearse(job: Job, device: torch.device) -> Estimate:
    """Take two steps and watch one batch. The job's module is trained by that: use it no further.

    Args:
        job: the training
        device: where to compute

    Raises:
        UsageError: if none of the first images can be used, or memory does not hold a batch
    """
    settings, run = job.settings, Run(job.module, job.settings, device)
    first = np.random.default_rng(settings.seed).permutation(len(job.training.targets))
    seconds, watching = [], 0.0
    with decoders(device) as pool:
        run.learning()
        for step in range(_STEPS):
            start = time.perf_counter()
            # The same images again where there are fewer than two batches.
            part = np.roll(first, -step * settings.batch_size)[: settings.batch_size]
            for inputs, targets in run.batches(job.training, part, 1, pool):
                run.step(inputs, targets)
                seconds.append(time.perf_counter() - start)
        if not seconds:
            raise UsageError(f"none of the first images can be used, one because of: {next(iter(run.skipped))}")
        if job.validation is not None:
            watched = np.arange(min(settings.batch_size, len(job.validation.targets)))
            start = time.perf_counter()
            run.watch(job.validation, watched, pool)
            watching = (time.perf_counter() - start) * len(job.validation.targets) / len(watched)
    steps = -(-len(first) // settings.batch_size)
    whole = settings.epochs * (steps * seconds[-1] + watching)
    return Estimate(seconds[-1], watching, whole, _most_memory(device))


def _most_memory(device: torch.device) -> int | None:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    try:
        import resource
    except ModuleNotFoundError:  # Not on Windows.
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most
