"""How the commands' help is laid out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.models import CommandFunctionType as Function


class _PlainFlags:
    """Shows no type beside options that take no value."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters of the command."""
        params: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for param in params:
            if getattr(param, "is_flag", False):
                param.metavar = ""
        return params


class _Command(_PlainFlags, TyperCommand):
    pass


class _Group(_PlainFlags, TyperGroup):
    pass


class Commands(typer.Typer):
    """Commands of one name, ``deepmse`` or ``deepmse train``, whose help shows flags as such."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(cls=_Group, **settings)

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Function], Function]:
        """A decorator that makes a function a command; arguments are Typer's."""
        return super().command(name, cls=_Command, **settings)
