"""Answers of the web page's tabs: as data for API clients, and as HTML."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...plugin.errors import DeepMSEError
from . import view
from .metrics import Findings
from .uploads import Role, Upload, Uploads, read

Answer = tuple[dict[str, Any], str]
"""A result as data, for API clients, and as HTML; where there is no result, both say why."""


def answer(make: Callable[[], Answer]) -> Answer:
    """What a tab answers, or why it can't."""
    try:
        return make()
    except DeepMSEError as error:
        return {"error": str(error)}, view.message(str(error))


def data_of(found: Findings) -> dict[str, Any]:
    """What every answer tells beside its own result."""
    return {
        "metrics": {reading.metric.name: reading.to_dict() for reading in found.others},
        "notes": found.notes,
        "settings": found.settings,
    }


def inspect(uploads: Uploads, role: Role, upload: Upload | None) -> str:
    """What to say below an input: what was uploaded, or why it can't be used."""
    if upload is None:
        return ""
    try:
        picture = read(uploads, role, upload)
    except DeepMSEError as error:
        return view.upload_note(str(error), failed=True)
    return view.upload_note(" · ".join((picture.name, picture.size, *picture.decoded.notes)))
