"""What the commands that train epoch by epoch share: options, progress, the plan of a dry run."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import terminal

if TYPE_CHECKING:
    import torch

    from ...plugin.learning.loop import Job
    from ...plugin.learning.settings import Epoch

Resume = Annotated[bool, typer.Option("--resume", help="Go on from the last whole epoch.")]
TensorBoard = Annotated[bool, typer.Option("--tensorboard", help="Also log to the folder OUT.tensorboard.")]
ModelOut = Annotated[
    Path, typer.Option("--out", "-o", metavar="OUT.safetensors", help="Where to write; the card goes beside it.")
]
Crop = Annotated[
    int | None,
    typer.Option(min=32, help="Side of random crops, in pixels.", show_default="whole images, of one size"),
]
CardAsJson = Annotated[bool, typer.Option("--json", help="Print the model card as JSON.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Train two steps only, and show the plan and what it would take.")
]


@contextmanager
def epochs_bar(epochs: int, tensorboard: Path | None = None) -> Iterator[Callable[[Epoch], None]]:
    """A bar of epochs and a line for each; an interruption says how to go on.

    Args:
        epochs: how many there are at most
        tensorboard: the model's file, beside which the log for TensorBoard is written; None for none
    """
    with ExitStack() as stack:
        also: Callable[[Epoch], None] = lambda epoch: None  # noqa: E731
        if tensorboard is not None:
            from ...plugin.learning.tensorboard import event_log

            also = stack.enter_context(event_log(tensorboard.with_suffix(".tensorboard")))
        update = stack.enter_context(terminal.bar("Epochs"))

        def report(epoch: Epoch) -> None:
            update(epoch.number, epochs)
            loss = "" if epoch.validation is None else f", validation {epoch.validation:.4f}"
            srcc = "" if epoch.srcc is None else f", SRCC {epoch.srcc:.4f}"
            terminal.err.print(f"epoch {epoch.number}: loss {epoch.loss:.4f}{loss}{srcc}")
            also(epoch)

        try:
            yield report
        except KeyboardInterrupt:
            terminal.err.print("Stopped. Whole epochs are kept; go on with --resume.", soft_wrap=True)
            sys.exit(130)


def say_skipped(skipped: Sequence[str]) -> None:
    """List the images that could not be used."""
    if skipped:
        images = "image" if len(skipped) == 1 else "images"
        terminal.err.print(f"left out: {len(skipped):,} {images} that cannot be used")
    for reason in skipped:
        terminal.err.print(f"  {terminal.escaped(reason)}", soft_wrap=True)


def show_plan(job: Job, device: torch.device, *, as_json: bool) -> None:
    """Print what a training would do, and, by two steps of it, what it would take."""
    from ...plugin.learning.rehearsal import rehearse

    parameters = [(each.numel(), each.requires_grad) for each in job.module.parameters()]
    learnt = sum(number for number, trained in parameters if trained)
    card = {**job.card, "parameters": {"all": sum(number for number, _ in parameters), "trained": learnt}}
    estimate = rehearse(job, device)
    if as_json:
        print(json.dumps({**card, "device": str(device), "estimate": asdict(estimate)}, indent=2, ensure_ascii=False))
        return
    rows = [(key, _in_words(value)) for key, value in card.items() if value is not None]
    terminal.out.print(terminal.table("Plan; nothing is written", ("", ""), rows, left=2))
    memory = "" if estimate.bytes is None else f", {estimate.bytes / 2**30:.1f} GiB of memory at most"
    terminal.out.print(
        f"\nMeasured on {device} by two steps of this training: {estimate.seconds_a_step:.2f} s a step{memory}. "
        f"So {job.settings.epochs} epochs take about {timedelta(seconds=round(estimate.seconds))} (h:mm:ss).",
        soft_wrap=True,
    )


def _in_words(value: object) -> str:
    """A value of the plan on one line, tables of it as name and value."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_in_words(each)}" for key, each in value.items())
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
