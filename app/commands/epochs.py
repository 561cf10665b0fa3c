"""Progress of training, epoch by epoch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .. import terminal

if TYPE_CHECKING:
    from ...plugin.learning.settings import Epoch


@contextmanager
def epochs_bar(epochs: int) -> Iterator[Callable[[Epoch], None]]:
    """A bar of epochs and a line for each; an interruption says how to go on."""
    with terminal.bar("Epochs") as update:

        def report(epoch: Epoch) -> None:
            update(epoch.number, epochs)
            loss = "" if epoch.validation is None else f", validation {epoch.validation:.4f}"
            srcc = "" if epoch.srcc is None else f", SRCC {epoch.srcc:.4f}"
            terminal.err.print(f"epoch {epoch.number}: loss {epoch.loss:.4f}{loss}{srcc}")

        try:
            yield report
        except KeyboardInterrupt:
            terminal.err.print("Stopped. Whole epochs are kept; go on with --resume.", soft_wrap=True)
            sys.exit(130)
