"""Activations of pre-trained networks as features: features."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ...plugin.errors import UsageError, without_paths
from .. import terminal
from .options import Device

if TYPE_CHECKING:
    from ...plugin.networks.taps import BackboneInfo

SOME_FAILED = 3


def _list(asked: bool) -> None:
    """Print the paper's networks and layers, and end."""
    if not asked:
        return
    from ...plugin.networks.taps import BACKBONES, TAPS

    rows = [
        (
            tap.backbone,
            tap.layer,
            f"{BACKBONES[tap.backbone].library}: {tap.node}",
            f"{tap.count:,}",
            f"{tap.stated:,}",
        )
        for tap in TAPS
    ]
    columns = ("network", "layer", "node", "features", "in the paper")
    terminal.out.print(terminal.table("Networks and layers of the deep-feature paper", columns, rows, left=3))
    for info in BACKBONES.values():
        if info.note:
            terminal.out.print(f"{info.name}: {info.note}", soft_wrap=True)
    for tap in TAPS:
        if tap.why:
            terminal.out.print(f"{tap.backbone} {tap.layer}: {tap.why}", soft_wrap=True)
    terminal.out.print(
        "Also efficientnet-lite0 (stem, block0 to block15, head), and timm:NAME with an index of its feature levels. "
        "Names of the libraries' own modules are layers too.",
        soft_wrap=True,
    )
    raise typer.Exit


def features(
    images: Annotated[
        list[Path],
        typer.Argument(metavar="IMAGES", help="A folder, a CSV file with the column dist, or image files."),
    ],
    backbone: Annotated[str, typer.Option("--backbone", "-b", help="Network, see --list; or timm:NAME.")],
    layer: Annotated[
        list[str] | None,
        typer.Option("--layer", "-l", help="Layer to read, see --list; repeatable.", show_default="the classifier's"),
    ] = None,
    out: Annotated[
        Path, typer.Option("--out", "-o", metavar="OUT.npz", help="Where to write: .npz, or .npy if it is large.")
    ] = Path("features.npz"),
    pool: Annotated[str, typer.Option(help="none for raw activations, mean or mean+std of each channel.")] = "none",
    crops: Annotated[int, typer.Option(min=1, help="Random crops of each image.")] = 10,
    full: Annotated[bool, typer.Option("--full", help="Whole images at their own size instead of crops.")] = False,
    seed: Annotated[int, typer.Option(help="Of the crops' places.")] = 0,
    dtype: Annotated[str, typer.Option(help="float32 or float16.")] = "float32",
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Crops at a time.", show_default="what suits the device")
    ] = None,
    device: Device = "auto",
    weights: Annotated[
        Path | None,
        typer.Option("--weights", help="Weights: a file, or a folder that has it.", show_default="search"),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with what an interrupted run has written.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a summary as JSON.")] = False,
    listing: Annotated[
        bool,
        typer.Option("--list", help="Print the networks and layers, and end.", is_eager=True, callback=_list),
    ] = False,
) -> None:
    """Write the activations of a network's layers for each image, as features to train on.

    Crops have the network's input size and are not resized; the same file has the same crops on any machine. An image
    that cannot be used has NaN for features and its reason in "errors". Exit status: 0 all done, 3 some images
    failed, 2 wrong usage.
    """
    from ...plugin.engine.devices import pick_device
    from ...plugin.learning.features.extraction import Extractor, check_settings
    from ...plugin.learning.features.files import FeatureWriter
    from ...plugin.networks.backbones import backbone_info, build
    from ...plugin.process import keep_freed_memory

    names, paths = _images(images)
    whole = None if full else crops
    check_settings(pool, whole)
    place = pick_device(device)
    keep_freed_memory()
    network = build(backbone, layer or _default(backbone_info(backbone)), weights)
    extractor = Extractor(
        network,
        pool=pool,
        crops=whole,
        seed=seed,
        device=place,
        batch_size=batch_size,
    )
    terminal.warn([warning for warning in [network.weights and network.weights.warning] if warning])
    settings = extractor.describe()
    failures: Counter[str] = Counter()
    with FeatureWriter(out, names, settings, dtype=dtype, resume=resume) as writer:
        kept = writer.done
        stream = terminal.progress(extractor.run(paths[kept:]), "Features", len(paths) - kept)
        try:
            for found in stream:
                writer.write(found.vectors, found.error)
        except KeyboardInterrupt:
            terminal.err.print("Stopped. What is done is kept; go on with --resume.", soft_wrap=True)
            sys.exit(130)
        failures.update(without_paths(error, path) for path, error in zip(paths, writer.errors, strict=True) if error)
    failed = failures.total()
    summary = {
        "images": len(paths),
        "failed": failed,
        "kept": kept,
        "errors": dict(failures.most_common()),
        "output": str(out),
        **settings,
    }
    if as_json:
        print(json.dumps(summary, indent=2, ensure_ascii=False))
    terminal.err.print(
        f"{len(paths) - failed} of {len(paths)} images, {sum(settings['sizes'].values()):,} features a "
        f"{'picture' if full else 'crop'} → {terminal.escaped(out)}",
        soft_wrap=True,
    )
    for reason, count in failures.most_common():
        terminal.err.print(f"  {count} failed: {terminal.escaped(reason)}", soft_wrap=True)
    if failed:
        raise typer.Exit(SOME_FAILED)


def _default(info: BackboneInfo) -> list[str]:
    return [info.logits] if info.logits else []


def _images(given: list[Path]) -> tuple[list[str], list[Path]]:
    """Names and paths of the images of a folder, a CSV file or a list."""
    from ...plugin.engine.score_tables import items
    from ...plugin.images import images_below, require_utf8
    from ...plugin.tables import read_table

    if len(given) == 1 and given[0].suffix.lower() == ".csv":
        table = read_table(given[0])
        paths = [Path(item.dist) for item in items(table, ref=None)]
        names = [row["dist"] for row in table.rows]
    elif len(given) == 1 and given[0].is_dir():
        found = images_below(given[0])
        terminal.warn([found.note] if found.note else [])
        paths = list(found.images)
        names = [str(path.relative_to(given[0])) for path in paths]
    else:
        require_utf8(given)
        paths, names = given, [str(path) for path in given]
        if len(given) == 1 and not given[0].exists():
            raise UsageError(f"{given[0]}: no such file or folder")
    if not paths:
        raise UsageError(f"{given[0]}: has no image")
    return names, paths
