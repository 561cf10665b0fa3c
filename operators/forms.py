"""Pieces that the operators' configurations and forms share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.store import is_grouped
from ..plugin.vocabulary import HIGHER, LOWER, direction

MANY: Final = 2000
"""From so many images on a delegated run is the default: an immediate one holds the App's server."""


def icon_file(name: str, theme: str) -> str:
    """Where in the plugin the drawing is for the App's theme, "light" or "dark"."""
    return f"/operators/icons/{name}-{theme}.svg"


def delegable(name: str, label: str, description: str, icon: str, *, drawn: bool = False) -> foo.OperatorConfig:
    """Configuration of an operator that works for long, at once or delegated.

    Args:
        name: the operator's
        label: what the App calls it
        description: what it does
        icon: name of a Material icon, or of a drawing of the plugin
        drawn: whether it is a drawing's
    """
    themes = {f"{theme}_icon": icon_file(icon, theme) for theme in ("light", "dark")}
    return foo.OperatorConfig(
        name=name,
        label=label,
        description=description,
        **(themes if drawn else {"icon": icon}),
        dynamic=True,
        execute_as_generator=True,
        allow_immediate_execution=True,
        allow_delegated_execution=True,
        risk_level="medium",
    )


def delegation(*, by_default: bool) -> foo.ExecutionOptions:
    """Immediate and delegated runs, with one of them as the default."""
    return foo.ExecutionOptions(
        allow_immediate_execution=True,
        allow_delegated_execution=True,
        default_choice_to_delegated=by_default,
    )


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


def slice_choice(inputs: types.Object, samples: SampleCollection) -> None:
    """Add ``slice_name``, where samples are in slices."""
    if is_grouped(samples):
        slices = samples._root_dataset.group_slices
        choice(inputs, "slice_name", "Slice (empty: all images)", slices, None, required=False)


def direction_choice(inputs: types.Object, label: str, higher: str, lower: str, *, lower_is_better: bool) -> None:
    """Add ``direction``, ``HIGHER`` or ``LOWER``, as two buttons.

    Args:
        inputs: the form
        label: whose direction it is
        higher: what the button for "higher is better" says
        lower: what the other says
        lower_is_better: which is chosen at first
    """
    buttons = types.RadioGroup(orientation="horizontal")
    buttons.add_choice(HIGHER, label=higher)
    buttons.add_choice(LOWER, label=lower)
    default = direction(lower_is_better)
    inputs.enum("direction", buttons.values(), default=default, required=True, label=label, view=buttons)


def chosen_direction(params: dict[str, Any]) -> bool | None:
    """Whether "lower is better" was chosen; None where the form did not ask."""
    chosen = params.get("direction")
    return None if chosen is None else chosen == LOWER


def settings(inputs: types.Object, params: dict[str, Any]) -> bool:
    """Add what folds settings away, and tell whether they are to be shown."""
    inputs.bool("settings", default=False, label="Settings", description="They suit most datasets as they are")
    return bool(params.get("settings"))


def plan(inputs: types.Object, verb: str, number: int, things: str, time: str | None) -> None:
    """Say what will be done and how long it takes.

    Args:
        inputs: the form
        verb: what is done
        number: of things
        things: what it is done with
        time: how long it takes here, in words; None where that is not known
    """
    label = f"{verb} {number:,} {things}: {time or 'how long that takes here is known after the first run'}"
    description = None
    if number >= MANY:
        description = "Better scheduled than executed now. Scheduled runs need a worker: `fiftyone delegated launch`"
    inputs.view("plan", types.Notice(label=label, description=description))


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
