"""Why there may be nothing to compare, and what to do then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import fiftyone as fo

from ..form import Form, Handler
from .actions import on_assess, on_compute, on_load_dataset, on_refresh
from .selectors import Choices

_NO_SCORES: Final = """
**No scores yet**

Score the images with a metric, then compare the scores with human opinion here.
"""
_NO_TARGET: Final = """
**No target to compare with**

This dataset has scores but no numeric field with human opinion. Add one, for example

    dataset.set_values("mos", {sample_id: value, ...}, key_field="id")

or load a published image-quality dataset.
"""
_PARTS: Final = "Patches, frames and clips have no scores of their own: choose a view of whole images."


@dataclass(frozen=True)
class _Problem:
    """``words`` in Markdown, and buttons: name, label, icon and handler."""

    words: str
    buttons: tuple[tuple[str, str, str, Handler], ...] = ()


_PROBLEMS: Final = {
    "no scores": _Problem(
        _NO_SCORES,
        (
            ("compute", "Score images", "compare", on_compute),
            ("assess", "Score without references", "photo_filter", on_assess),
        ),
    ),
    "no target": _Problem(_NO_TARGET, (("load", "Load a dataset", "library_add", on_load_dataset),)),
    "parts of images": _Problem(_PARTS),
}
HANDLERS: Final = tuple(handler for problem in _PROBLEMS.values() for *_, handler in problem.buttons)


def problem_of(view: fo.DatasetView, choices: Choices) -> str | None:
    """The name of what stands in the way of a comparison, if anything does.

    Args:
        view: the view that would be evaluated
        choices: what its dataset offers
    """
    if view._is_generated:
        return "parts of images"
    if not choices.metrics:
        return "no scores"
    return None if choices.targets else "no target"


def draw(form: Form, name: str) -> None:
    """Lay out what to do about a problem."""
    problem = _PROBLEMS[name]
    form.text("message", problem.words)
    row = form.row("buttons")
    for number, button in enumerate(problem.buttons):
        row.button(*button, variant="outlined" if number else "contained")
    row.button("refresh", "Refresh", "refresh", on_refresh)
