"""Copies and the originals that they were made from, by what they show: pair."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .. import terminal


def pair(
    originals: Annotated[Path, typer.Argument(metavar="ORIGINALS", help="Folder of originals, with all below it.")],
    copies: Annotated[Path, typer.Argument(metavar="COPIES", help="Folder of copies, with all below it.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="PAIRS.csv", help="Where to write the pairs, for deepmse score.")
    ],
) -> None:
    """Propose pairs of copies and originals by what the pictures show, whatever their files are called.

    Writes dist, ref, the distance of the two (% of bits of a perceptual hash) and a confidence, 0 to 1: how much
    nearer the original is than the next one. A copy that is like no original, or cannot be read, has no ref; "error"
    says why.
    """
    from ...plugin.engine.content_pairing import looked_at, pair_by_content
    from ...plugin.engine.row_writer import check_output
    from ...plugin.images import images_below
    from ...plugin.tables import Table, write_table

    found_originals, found_copies = images_below(originals).images, images_below(copies).images
    check_output(out, Table(copies, (), ()))
    files = [*found_originals, *found_copies]
    found = list(terminal.progress(looked_at(files), "Looking", len(files)))
    pairs = pair_by_content(found_originals, found_copies, found)
    rows = tuple(each.row() for each in pairs)
    write_table(out, Table(out, ("dist", "ref", "distance", "confidence", "error"), rows))
    paired = sum(each.ref is not None for each in pairs)
    terminal.err.print(f"{paired:,} of {len(pairs):,} copies paired → {terminal.escaped(out)}", soft_wrap=True)
