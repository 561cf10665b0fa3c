"""Labelled images as the training commands are given them."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from ...plugin.vocabulary import lower_by_name
from .. import terminal

if TYPE_CHECKING:
    from ...plugin.learning.labels import LabelledImages

Data = Annotated[
    str,
    typer.Argument(
        metavar="DATA", help="CSV file with the columns dist and --target; or a dataset's name, with its ROOT."
    ),
]
Root = Annotated[Path | None, typer.Argument(metavar="[ROOT]", help="The named dataset's folder.")]
Target = Annotated[str, typer.Option(help="Column of the labels.")]
_BY_NAME: Final = "by the name: lower for dmos, level and severity"
LowerIsBetter = Annotated[
    bool | None,
    typer.Option(
        "--lower-is-better/--higher-is-better",
        help="Lower labels mean better quality, as with DMOS.",
        show_default=_BY_NAME,
    ),
]
TargetLowerIsBetter = Annotated[
    bool | None,
    typer.Option(
        "--lower-is-better/--higher-is-better",
        help="Lower target values mean better quality, as with DMOS.",
        show_default=_BY_NAME,
    ),
]
Scale = Annotated[
    tuple[float, float] | None,
    typer.Option(help="Lowest and highest label that there could be.", show_default="that there is"),
]


def direction_of(target: str, lower_is_better: bool | None, columns: Collection[str] = ()) -> bool:
    """Whether lower is better: what is asked for, else what the target's name says, which is said."""
    if lower_is_better is not None:
        return lower_is_better
    if found := lower_by_name(target, columns):
        terminal.err.print(
            f"{terminal.escaped(target)}: lower is better, as its name says; --higher-is-better says otherwise",
            soft_wrap=True,
        )
    return found


def read(
    data: str, root: Path | None, target: str, lower_is_better: bool | None, scale: tuple[float, float] | None
) -> LabelledImages:
    """The labelled images; what became of labels that could not be taken as they are is said.

    Raises:
        UsageError: see :func:`~deepmse.plugin.learning.labels.labelled`
    """
    from ...plugin.learning.labels import from_csv, from_dataset

    if root is None:
        lower = direction_of(target, lower_is_better)
        found = from_csv(Path(data), target, lower_is_better=lower, scale=scale)
    else:
        found = from_dataset(data, root)
    for note in found.left_out:
        terminal.err.print(note)
    return found
