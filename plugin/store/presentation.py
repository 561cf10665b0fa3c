"""How a quality dataset looks in the App: media fields, indexes, sidebar groups and saved views."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import fiftyone as fo
from fiftyone import ViewField as F

from ..overlay import PALETTE
from .fields import CATEGORY_FIELD, DISTORTION_FIELD, LEVEL_FIELD, REF_FIELD, SPLIT_FIELD, Target

WORST_SHARE: Final = 0.05
GROUP: Final = "image quality"

#: Grey levels from one stop of a map's colours to the next; 255 is a stop.
_STEP: Final = 17


def present(dataset: fo.Dataset, target: Target) -> None:
    """Set up the App for a quality dataset; doing it again brings it up to date and keeps what users added.

    Args:
        dataset: the dataset, with its samples
        target: what metrics are compared with
    """
    for field in (DISTORTION_FIELD, target.field):
        if dataset.has_field(field):
            dataset.create_index(field)
    has_references = dataset.has_field(REF_FIELD)
    _media(dataset, has_references)
    wanted = (target.field, target.std_field, DISTORTION_FIELD, CATEGORY_FIELD, LEVEL_FIELD, SPLIT_FIELD, REF_FIELD)
    to_sidebar(dataset, wanted)
    for name, (view, description) in _views(dataset, target, has_references).items():
        dataset.save_view(name, view, description=description, overwrite=True)


def _media(dataset: fo.Dataset, has_references: bool) -> None:
    """Let the App show references in place of the distorted images."""
    if has_references and REF_FIELD not in dataset.app_config.media_fields:
        dataset.app_config.media_fields.append(REF_FIELD)
        dataset.save()


def paint_map(dataset: fo.Dataset, field: str) -> None:
    """Let the App paint a field of error maps in the page's colours, unless somebody chose others."""
    scheme = dataset.app_config.color_scheme or fo.ColorScheme()
    scales = scheme.colorscales or []
    if any(scale["path"] == field for scale in scales):
        return
    stops = [
        {"value": level / 255, "color": "rgb({}, {}, {})".format(*PALETTE[level])} for level in range(0, 256, _STEP)
    ]
    scheme.colorscales = [*scales, {"path": field, "list": stops}]
    dataset.app_config.color_scheme = scheme
    dataset.save()


def to_sidebar(dataset: fo.Dataset, fields: Iterable[str], *, new: bool = False) -> None:
    """Put the fields that the dataset has, and that nobody placed elsewhere, into a group of the App's sidebar.

    Args:
        dataset: the dataset
        fields: names of fields
        new: they were just added: it was FiftyOne that placed them
    """
    paths = [path for path in dict.fromkeys(fields) if dataset.has_field(path)]
    if not paths:
        return
    groups = dataset.app_config.sidebar_groups
    if new:
        for group in groups or ():
            group.paths = [path for path in group.paths if path not in paths]
    if groups:  # Somebody's arrangement: what has its place in it stays there.
        paths = [path for path in paths if not any(path in group.paths for group in groups)]
    else:
        groups = fo.DatasetAppConfig.default_sidebar_groups(dataset)
        for group in groups:
            group.paths = [path for path in group.paths if path not in paths]
    ours = next((group for group in groups if group.name == GROUP), None)
    if ours:
        ours.paths = [*ours.paths, *paths]
    elif paths:
        first = 1 if groups and groups[0].name == "tags" else 0
        groups.insert(first, fo.SidebarGroupDocument(name=GROUP, paths=paths, expanded=True))
    dataset.app_config.sidebar_groups = groups
    dataset.save()


def sidebar_groups(dataset: fo.Dataset) -> list[dict[str, Any]]:
    """The groups of the App's sidebar, each with its name, its fields, and whether it is expanded; JSON-able."""
    groups = dataset.app_config.sidebar_groups or ()
    return [{"name": group.name, "paths": list(group.paths), "expanded": group.expanded} for group in groups]


def _views(dataset: fo.Dataset, target: Target, has_references: bool) -> dict[str, tuple[Any, str]]:
    views: dict[str, tuple[Any, str]] = {}
    if dataset.has_field(CATEGORY_FIELD):
        for category in filter(None, dataset.distinct(CATEGORY_FIELD)):
            view = dataset.match(F(CATEGORY_FIELD) == category)
            views[f"category: {category}"] = view, f"Distortions of kind {category}"
    if dataset.has_field(target.field) and (judged := dataset.exists(target.field)):
        worst = judged.sort_by(target.field, reverse=target.lower_is_better)
        count = max(1, round(WORST_SHARE * len(judged)))
        views["worst 5 %"] = worst.limit(count), f"The {count} images with the worst {target.field}"
    if has_references:
        views["references"] = (
            dataset.exists(REF_FIELD).group_by(REF_FIELD, order_by=target.field, reverse=not target.lower_is_better),
            "One entry a reference; open it for its distorted images, best first",
        )
    return views
