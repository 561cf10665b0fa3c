"""The training loop's settings as options of a command."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import fields
from functools import wraps
from typing import Annotated, Any, Final, get_type_hints

import typer

from ...plugin.learning.settings import Settings

_PANEL: Final = "Training loop"
_HELP: Final = {
    "epochs": "Passes over the images.",
    "learning_rate": "Adam's, at first.",
    "final_learning_rate": "Where its schedule ends.",
    "schedule": "The learning rate's way; plateau halves it after three epochs without a better one.",
    "batch_size": "Images or pairs at a time.",
    "loss": "mse, plcc, norm-in-norm, ranking, or sums such as mse+ranking.",
    "best_by": "What the best epoch is the best in, on the images held out.",
    "patience": "Stop after so many epochs without a better one.",
    "keep_last": "Keep the last epoch rather than the best; without --patience.",
    "clip": "Largest norm of the gradient.",
    "average": "Weight of the past in a moving average of the parameters, which is kept; 0 for none.",
    "precision": "Of the computation.",
    "seed": "Of everything random.",
}
_UNSET: Final = {
    "final_learning_rate": "a hundredth of the first",
    "patience": "all epochs",
    "clip": "any",
}


def with_settings(defaults: Settings) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command an option for each setting of the loop; it gets them together, as ``settings``.

    Args:
        defaults: of the options
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def with_options(**given: Any) -> None:
            values = {name: given.pop(name) for name in _HELP}
            command(**given, settings=Settings(**values))

        signature = inspect.signature(command, eval_str=True)
        own = [each for name, each in signature.parameters.items() if name != "settings"]
        parameters = [*own, *_options(defaults)]
        with_options.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        with_options.__annotations__ = {each.name: each.annotation for each in parameters}
        return with_options

    return decorate


def _options(defaults: Settings) -> list[inspect.Parameter]:
    """One option a setting."""
    types = get_type_hints(Settings)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=getattr(defaults, field.name),
            annotation=Annotated[
                types[field.name],
                typer.Option(
                    help=_HELP[field.name],
                    rich_help_panel=_PANEL,
                    show_default=True if getattr(defaults, field.name) is not None else _UNSET[field.name],
                ),
            ],
        )
        for field in fields(Settings)
    ]
