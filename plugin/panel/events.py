"""Events of a panel as plain functions, so that each can stand beside the button or figure that it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import TypeVar

import fiftyone.operators as foo

from ..errors import UsageError

Session = TypeVar("Session")
Panel = TypeVar("Panel", bound=foo.Panel)


def add_events(
    panel: type[Panel],
    session: Callable[[Panel, foo.ExecutionContext], Session],
    handlers: Iterable[Callable[[Session], None]],
) -> None:
    """Make plain functions events of a panel.

    The App calls an event by the name of one of the panel's methods, so each function becomes a method of its own
    name. What is wrong with a request (``UsageError``) is told to the user.

    Args:
        panel: the panel's class
        session: makes what the functions take of the panel and the App's context
        handlers: the functions; one that is there already stays

    Raises:
        ValueError: the panel has another method of that name
    """
    for handler in handlers:
        known = getattr(panel, handler.__name__, None)
        if known is None:
            setattr(panel, handler.__name__, _event(session, handler))
        elif getattr(known, "__wrapped__", None) is not handler:
            raise ValueError(
                f"{handler.__module__}: {panel.__name__} has another {handler.__name__} already; rename this one"
            )


def event_uri(panel: foo.Panel, handler: Callable[..., None]) -> str:
    """What the App calls to have ``handler`` called.

    Raises:
        ValueError: ``handler`` is no event of the panel
    """
    if not hasattr(panel, handler.__name__):
        raise ValueError(
            f"{handler.__module__}: {handler.__name__} is no event of {type(panel).__name__}; declare it"
        )
    uri: str = panel.method_to_uri(handler.__name__)
    return uri


def _event(
    session: Callable[[Panel, foo.ExecutionContext], Session], handler: Callable[[Session], None]
) -> Callable[[Panel, foo.ExecutionContext], None]:
    @wraps(handler)
    def event(self: Panel, ctx: foo.ExecutionContext) -> None:
        try:
            handler(session(self, ctx))
        except UsageError as error:
            ctx.ops.notify(str(error), variant="error")

    return event
