"""A training's curves for TensorBoard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from ..errors import UsageError
from .settings import Epoch


@contextmanager
def event_log(folder: Path) -> Iterator[Callable[[Epoch], None]]:
    """Write epochs to a folder that ``tensorboard --logdir`` reads.

    Epochs that are there already and come again, since an interrupted training goes on before them, are superseded.

    Args:
        folder: of one training; made if need be

    Raises:
        UsageError: if tensorboardX is not installed
    """
    try:
        from tensorboardX import SummaryWriter
    except ModuleNotFoundError as error:
        raise UsageError(
            f"a log for TensorBoard needs {error.name}: pip install 'fiftyone-deepmse[tensorboard]'"
        ) from error
    writer = None

    def write(epoch: Epoch) -> None:
        nonlocal writer
        writer = writer or SummaryWriter(str(folder), purge_step=epoch.number)
        for name, value in asdict(epoch).items():
            if name != "number" and value is not None:
                writer.add_scalar(name, value, epoch.number)
        writer.flush()

    try:
        yield write
    finally:
        if writer is not None:
            writer.close()
