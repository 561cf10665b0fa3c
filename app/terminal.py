"""What the commands print: progress and summaries on standard error, results on standard output."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

T = TypeVar("T")

#: A file or a pipe has no width to fit tables into.
out = Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else 160)
err = Console(stderr=True, highlight=False, emoji=False)


def progress(stream: Iterable[T], description: str, total: int | None) -> Iterator[T]:
    """Pass a stream on, showing how far it is on a terminal."""
    with bar(description) as update:
        for done, element in enumerate(stream, start=1):
            update(done, total)
            yield element


@contextmanager
def bar(description: str) -> Iterator[Callable[[int, int | None], None]]:
    """A progress bar on a terminal, nothing elsewhere; call what it gives with how many are done, and of how many."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as display:
        task = display.add_task(description, total=None, rate="")

        def update(done: int, total: int | None) -> None:
            speed = display.tasks[0].speed
            display.update(task, completed=done, total=total, rate=f"{speed:.0f}/s" if speed else "")

        yield update


@contextmanager
def stoppable(rows: Path) -> Iterator[None]:
    """Where the user stops what is done inside, say that ``rows`` has what was done, and exit."""
    try:
        yield
    except KeyboardInterrupt:
        err.print(f"Stopped. {escaped(rows)} has what was done; go on with --resume.", soft_wrap=True)
        sys.exit(130)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, left: int = 1) -> Table:
    """A table whose first ``left`` columns are text and the rest numbers; strings are shown as they are."""
    result = Table(title=Text(title), title_justify="left", title_style="bold", box=None, pad_edge=False)
    for index, column in enumerate(columns):
        result.add_column(Text(column), justify="left" if index < left else "right", overflow="fold")
    for row in rows:
        result.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in row))
    return result


def print_worst(metric: str, scores: Iterable[tuple[float, str]]) -> None:
    """Scores and paths of the worst images by a metric, worst first."""
    err.print(table("Worst first", ["image", metric], ((path, f"{value:.6g}") for value, path in scores)))


def number(value: float | None, digits: int = 4) -> str:
    """A statistic, or a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def escaped(text: object) -> str:
    """Text to print as it is, whatever brackets it has."""
    return escape(str(text))


def warn(warnings: Iterable[str]) -> None:
    """Print warnings to standard error."""
    for warning in warnings:
        err.print(f"[yellow]warning:[/] {escaped(warning)}", soft_wrap=True)
