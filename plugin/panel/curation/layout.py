"""How the panel is laid out. Nothing is computed here: everything comes from the panel's state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from fiftyone.operators import types

from ..form import Form
from . import acts, controls

_NO_SCORES: Final = """
**No scores yet**

Score the images, then find the bad ones here by a threshold.
"""
_PARTS: Final = "Patches, frames and clips have no scores of their own: choose a view of whole images."


def draw(form: Form, state: Mapping[str, Any]) -> types.Property:
    """The controls and what can be done, or why there is nothing to do.

    Args:
        form: where
        state: the panel's
    """
    problem = state.get("problem")
    if problem == "no scores":
        form.text("message", _NO_SCORES)
        row = form.row("buttons")
        row.button("score", "Score images", "photo_filter", acts.on_score, variant="contained")
        row.button("refresh", "Refresh", "refresh", acts.on_refresh)
    elif problem:
        form.text("message", _PARTS)
    else:
        controls.draw(form, state)
        acts.draw(form, state)
    return form.column(gap=1, pad=2)
