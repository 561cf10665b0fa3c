"""A page for every dataset that can be loaded, of what its module declares."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

from deepmse.plugin.datasets import DATASETS, DatasetInfo, dataset_info


def pages(root: Path) -> dict[str, str]:
    """The pages, and the list of them."""
    infos = [dataset_info(name) for name in DATASETS]
    rows = [
        f"| [{info.title}]({info.name}.md) | `{info.name}` | {info.n_images or 'any number'} | {info.target_kind} "
        f"| {_better(info)} |"
        for info in infos
    ]
    index = [
        "# Datasets",
        "",
        "What `deepmse load`, `deepmse check` and the operator “Load an image quality dataset” know.",
        "None is distributed here.",
        "",
        "| dataset | name | images with a score | target | better |",
        "|---|---|---|---|---|",
        *rows,
    ]
    return {
        "datasets/index.md": "\n".join(index) + "\n",
        **{f"datasets/{info.name}.md": _page(info) for info in infos},
    }


def _better(info: DatasetInfo) -> str:
    return "lower" if info.target_lower_is_better else "higher"


def _page(info: DatasetInfo) -> str:
    low_high = (
        " to ".join(f"{bound:g}" for bound in info.target_range) if info.target_range else "not known beforehand"
    )
    facts = {
        "target": f"`{info.target_field}`: {info.target_kind}, {_better(info)} is better",
        "its scale": low_high
        + (f"; published values lie up to {info.overshoot:g} outside" if info.overshoot else ""),
        "images with a score": f"{info.n_images:,}" if info.n_images else "any number",
        "references": str(info.n_references or "none declared"),
        "left out": f"{info.n_left_out:,} images that are undistorted copies" if info.n_left_out else "",
        "sizes": ", ".join(f"{width}×{height}" for width, height in info.sizes) or "vary",
        "licence": info.licence or "not stated",
        "cite": info.citation,
    }
    lines = [f"# {info.title}", "", *_about(info.name), "| what | value |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in facts.items() if value]
    lines += [
        "",
        "## Layout",
        "",
        f"{info.layout}",
        "",
        "```",
        f"deepmse check {info.name} FOLDER",
        f"deepmse load {info.name} FOLDER",
        "```",
    ]
    if info.notes:
        lines += ["", "## What to know", "", *(f"- {note}" for note in info.notes)]
    types = list(dict.fromkeys(distortion for distortion, _ in info.counts if distortion))
    if types:
        lines += ["", "## Distortions", "", "| type | images |", "|---|---|"]
        lines += [
            f"| {name} | {sum(n for (distortion, _), n in info.counts.items() if distortion == name)} |"
            for name in types
        ]
    return "\n".join(lines) + "\n"


def _about(name: str) -> list[str]:
    """What the loader's module says of the dataset's files and traps."""
    for place in ("published.", ""):
        try:
            module = import_module(f"deepmse.plugin.datasets.{place}{name}")
        except ModuleNotFoundError:
            continue
        return [re.sub(r"``([^`]*)``", r"`\1`", (module.__doc__ or "").strip()), ""]
    return []
