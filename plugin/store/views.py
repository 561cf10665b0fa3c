"""Views that can be kept, compared and narrowed."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import fiftyone as fo
from fiftyone import ViewField as F
from fiftyone.server.view import get_view

from ..evaluation.report import NO_GROUP

Stages = list[dict[str, Any]]
"""A view's stages as JSON."""


def view_stages(view: fo.DatasetView) -> Stages:
    """The stages of a view, the same for equal views."""
    stages: Stages = view._serialize(include_uuids=False)
    return stages


def build_view(dataset: fo.Dataset, stages: Stages | None) -> fo.DatasetView:
    """The view of ``dataset`` that has these stages."""
    return get_view(dataset, stages=stages)


def fingerprint(view: fo.DatasetView) -> str:
    """A short text that is equal for equal views of the same dataset."""
    content = json.dumps([view._root_dataset.name, view_stages(view)], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def select_group(view: fo.DatasetView, field: str, label: str) -> fo.DatasetView:
    """The samples of a view that an evaluation broken down by ``field`` counts in the group ``label``."""
    if label == NO_GROUP:
        return view.mongo([{"$match": {field: {"$in": [None, ""]}}}])
    return view.match(F(field).is_in([value for value in view.distinct(field) if str(value) == label]))
