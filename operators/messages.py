"""What an immediate run tells the App while it works."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.errors import DeepMSEError


def until_failure(ctx: foo.ExecutionContext, messages: Iterable[Any]) -> Iterator[Any]:
    """Pass messages on; a failure is shown before it is raised.

    FiftyOne's server ends a run whose messages fail without a word to the user or the log.
    """
    try:
        yield from messages
    except Exception as error:
        reason = error.sentence if isinstance(error, DeepMSEError) else f"{type(error).__name__}: {error}"
        yield ctx.trigger("show_output", {"outputs": failure_output(reason).to_json(), "results": {}})
        raise


def failure_output(reason: str) -> types.Property:
    """How a failure is shown."""
    outputs = types.Object()
    outputs.view("failure", types.Error(label="Not completed", description=reason))
    return types.Property(outputs, view=types.View(label="Failed"))
