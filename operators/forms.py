"""Pieces that the operators' forms share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fiftyone.operators import types


def choice(
    inputs: types.Object,
    name: str,
    label: str,
    values: Sequence[str],
    default: str | None,
    *,
    required: bool = True,
) -> None:
    """Add a searchable choice of one of ``values``; ``default`` counts only if it is one of them."""
    view = types.AutocompleteView(allow_user_input=False)
    for value in values:
        view.add_choice(value, label=value)
    default = default if default in values else None
    inputs.enum(name, list(values), default=default, required=required, label=label, view=view)


def problem(inputs: types.Object, label: str, text: str) -> None:
    """Say what is wrong; the form cannot be submitted."""
    inputs.view("problem", types.Error(label=label, description=text), invalid=True, error_message=text)


def folder(inputs: types.Object, name: str, label: str) -> None:
    """Add a choice of a folder on the machine that runs FiftyOne."""
    view = types.FileExplorerView(choose_dir=True, button_label="Choose a folder…", choose_button_label="Choose")
    inputs.file(name, required=True, label=label, view=view)


def chosen_folder(params: dict[str, Any], name: str) -> str:
    """The chosen folder, empty if there is none yet; the App's chooser gives an object, code a text."""
    value = params.get(name) or ""
    return str(value.get("absolute_path") or "") if isinstance(value, dict) else str(value)
