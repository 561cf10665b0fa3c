"""Options that commands share."""

from pathlib import Path
from typing import Annotated

import typer

SOME_FAILED = 3
"""Exit status where some images have no score."""


def metric_beginning(letters: str) -> list[str]:
    """Metrics that a shell completes what was typed to."""
    from ...plugin.metrics import metric_names

    return [name for name in metric_names() if name.startswith(letters)]


Device = Annotated[str, typer.Option(help="auto (CUDA where there is one), cpu, cuda, cuda:N or mps.")]
WeightsPath = Annotated[
    Path | None,
    typer.Option("--weights", help="SqueezeNet weights: a file, or a folder that has it.", show_default="search"),
]
DistColumn = Annotated[str, typer.Option(help="Column of the images.")]
RefColumn = Annotated[str, typer.Option(help="Column of the references.")]
View = Annotated[str | None, typer.Option(metavar="NAME", help="Of the dataset, a saved view alone.")]
Images = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="PATH...",
        help="Images, folders with all below them, quoted patterns; a table with the column dist; or - for a "
        "list of paths on standard input.",
    ),
]
FilledDataset = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="A FiftyOne dataset in place of paths; its samples get the fields."),
]
