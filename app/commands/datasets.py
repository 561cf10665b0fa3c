"""Published and made datasets: load, check, synth."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ...plugin.errors import UsageError
from .. import terminal

if TYPE_CHECKING:
    from ...plugin.datasets import DatasetInfo

Name = Annotated[str, typer.Argument(metavar="NAME", help="Which dataset; `deepmse datasets` lists them.")]
Root = Annotated[Path, typer.Argument(metavar="ROOT", help="Its folder, unpacked as its authors ship it.")]


def datasets(
    as_json: Annotated[bool, typer.Option("--json", help="Print what is known of them as JSON.")] = False,
) -> None:
    """List the published datasets that can be loaded and checked."""
    from ...plugin.datasets import DATASETS, dataset_info

    infos = [dataset_info(name) for name in DATASETS]
    if as_json:
        print(json.dumps([_declaration(info) for info in infos], indent=2, ensure_ascii=False))
        return
    rows = [
        (
            info.name,
            info.title,
            str(info.n_images or "–"),
            f"{info.target_kind}, {'lower' if info.target_lower_is_better else 'higher'} is better",
            terminal.escaped(info.layout),
        )
        for info in infos
    ]
    terminal.out.print(terminal.table("", ("name", "dataset", "images", "target", "files"), rows, left=5))


def _declaration(info: DatasetInfo) -> dict[str, Any]:
    return {
        "name": info.name,
        "title": info.title,
        "images": info.n_images,
        "references": info.n_references,
        "files": info.layout,
        "target": info.target_field,
        "lower_is_better": info.target_lower_is_better,
        "range": info.target_range,
        "kind": info.target_kind,
        "licence": info.licence,
        "citation": info.citation,
        "notes": info.notes,
    }


def load(
    name: Name,
    root: Root,
    dataset: Annotated[
        str | None, typer.Option(help="What to call the FiftyOne dataset.", show_default="NAME")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="PAIRS.csv",
            help="Write a table in place of a FiftyOne dataset: a row an image, with reference, type and opinion.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Load a published dataset into FiftyOne, or as a table. Loading again updates it."""
    from ...plugin import datasets as published

    if out is not None and dataset is not None:
        raise UsageError("--out writes a table, and --dataset names a FiftyOne dataset: give one of them")
    quality = published.load(name, root)
    for note in quality.notes:
        terminal.err.print(f"note: {terminal.escaped(note)}", soft_wrap=True)
    if out is not None:
        from ...plugin.datasets.pairs import to_table
        from ...plugin.tables import write_table

        write_table(out, to_table(quality, out))
        terminal.err.print(f"{len(quality.records):,} images → {terminal.escaped(out)}", soft_wrap=True)
        return

    from ...plugin.store import import_dataset

    loaded = import_dataset(quality, dataset)
    terminal.out.print(
        f"{len(loaded):,} images in the FiftyOne dataset {terminal.escaped(loaded.name)}; "
        f"`fiftyone app launch {terminal.escaped(loaded.name)}` shows them",
        soft_wrap=True,
    )


def check(
    name: Name,
    root: Root,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Check a copy of a dataset against its publication: what is missing, misnamed, doubled or damaged.

    Reads every image. Exit status: 0 clean, 1 findings.
    """
    from ...plugin.datasets.check import check as examine

    with terminal.bar("Reading images") as update:
        report = examine(name, root, progress=update)
    if as_json:
        print(json.dumps(report.to_dict(), indent=2, ensure_ascii=False))
    else:
        _print_report(report)
    if not report.clean:
        raise typer.Exit(1)


def _print_report(report: Any) -> None:
    styles = {"error": "bold red", "warning": "yellow", "note": "dim"}
    terminal.out.print(
        f"[bold]{terminal.escaped(report.dataset)}[/]: {report.n_images:,} images, {report.n_references} references"
    )
    for finding in report.findings:
        style = styles[finding.severity]
        terminal.out.print(f"\n[{style}]{finding.severity}[/] {terminal.escaped(finding.message)}")
        if finding.effect:
            terminal.out.print(f"  {terminal.escaped(finding.effect)}", soft_wrap=True)
        for example in finding.examples:
            terminal.out.print(f"  · {terminal.escaped(example)}", soft_wrap=True)
    counts = Counter(finding.severity for finding in report.findings)
    found = f"errors: {counts['error']}, warnings: {counts['warning']}"
    terminal.out.print(f"\n{'[green]clean[/]' if report.clean else f'[red]{found}[/]'}")


def _list_types(types: str | None) -> str | None:
    if types != "list":
        return types
    from ...plugin.datasets.synthesis.distortions import DISTORTIONS

    rows = [
        (
            kind,
            each.title,
            each.category or "",
            "" if each.monotone else "no",
            ", ".join(f"{value:g}" for value in each.strengths),
        )
        for kind, each in DISTORTIONS.items()
    ]
    columns = ("type", "distortion", "category", "falls with level", "strengths")
    terminal.out.print(terminal.table("", columns, rows, left=5))
    raise typer.Exit


def synth(
    photos: Annotated[Path, typer.Argument(metavar="PHOTOS", help="Folder of photographs.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to write the set into.")],
    types: Annotated[
        str | None,
        typer.Option(
            help="Distortion types, with commas; `--types list` names them.",
            show_default="all 25",
            # Before the arguments are asked for, as a list needs none.
            is_eager=True,
            callback=_list_types,
        ),
    ] = None,
    levels: Annotated[str, typer.Option(help="Levels of 1 to 5, with commas.")] = "1,2,3,4,5",
    seed: Annotated[int, typer.Option(min=0, help="Of all that is random.")] = 0,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes.", show_default="one a processor")] = None,
) -> None:
    """Distort photographs by the 25 types of KADID-10k at five levels each, with a manifest for `deepmse score`.

    The same photographs and seed give the same pixels; an interrupted set is completed.
    """
    from ...plugin.datasets.synthesis.distorted_sets import make_synthetic
    from ...plugin.errors import UsageError

    try:
        chosen = [int(level) for level in levels.split(",")]
    except ValueError:
        raise UsageError(f"--levels takes whole numbers with commas between, not {levels!r}") from None
    with terminal.bar("Distorting") as update:
        quality = make_synthetic(
            photos,
            out,
            types=None if types is None else [kind.strip() for kind in types.split(",")],
            levels=chosen,
            seed=seed,
            workers=workers,
            progress=update,
        )
    for note in quality.notes:
        terminal.err.print(f"note: {terminal.escaped(note)}", soft_wrap=True)
    terminal.out.print(
        f"{len(quality.records):,} images; score them with: deepmse score {terminal.escaped(out / 'manifest.csv')}",
        soft_wrap=True,
    )
