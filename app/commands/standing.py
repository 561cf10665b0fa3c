"""The table that says where scores stand: standing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...plugin.errors import UsageError
from .. import terminal
from .options import Device, WeightsPath, metric_beginning


def standing(
    photos: Annotated[Path, typer.Argument(metavar="PHOTOS", help="Folder of undistorted photographs.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT.json", help="Where to write the table.")],
    metrics: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            "-m",
            help="Full-reference metric; repeatable.",
            autocompletion=metric_beginning,
            show_default="all that can be computed here",
        ),
    ] = None,
    device: Device = "auto",
    weights: WeightsPath = None,
) -> None:
    """Make the table by which the page says where a score stands, such as "JPEG quality 23 to 31".

    The photographs are compressed, blurred and made noisy at known strengths and scored at their own size; the table
    keeps the quartiles over the photographs. The packaged one was made of Kodak's 24.
    """
    from ...plugin.engine.scorer import Scorer
    from ...plugin.engine.standing_table import measure
    from ...plugin.metrics import distinct, metric_info, metric_names
    from ...plugin.metrics.inventory import lack
    from ...plugin.process import keep_freed_memory

    keep_freed_memory()
    names = distinct(metrics) if metrics else [name for name in metric_names("FR") if lack(metric_info(name)) is None]
    if alone := [name for name in names if metric_info(name).kind != "FR"]:
        raise UsageError(f"{', '.join(alone)}: needs no reference, and has no table; choose full-reference metrics")
    scorer = Scorer(names, device=device, weights=weights)
    terminal.warn(scorer.warnings)
    with terminal.bar("Distorting and scoring") as update:
        table = measure(photos, scorer, update)
    try:
        out.write_text(table.to_json(), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror})") from error
    terminal.err.print(f"{out}: {len(names)} metrics, {table.photographs} photographs", soft_wrap=True, markup=False)
