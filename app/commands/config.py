"""A command's options from a file: those given on the command line win."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from ...plugin.errors import UsageError
from ...plugin.tables import read_text

_FORMATS: Final = (".toml", ".yaml", ".yml")
#: Options that a file cannot have.
_NEVER: Final = frozenset({"config", "help"})


def _take(ctx: typer.Context, path: Path | None) -> None:
    """Make the file's values the defaults of the command's options.

    Raises:
        UsageError: if the file cannot be read, has an option that the command has not, or a value that the option
            does not take
    """
    if path is None:
        return
    known: dict[str, Any] = {name: param for param in ctx.command.params for name in _names(param)}
    defaults: dict[str, Any] = {}
    for key, value in _read(path).items():
        param = known.get(str(key).replace("-", "_"))
        if param is None:
            near = get_close_matches(str(key), known, n=1, cutoff=0)[0]
            raise UsageError(f"{path}: there is no option {key!r}; the nearest is {near}, and --help lists all")
        try:
            # As text, as if it were typed: 3.7 is then no whole number, and no option is true.
            text = [str(each) for each in value] if isinstance(value, list) else str(value)
            param.process_value(ctx, text)
        except typer.BadParameter as error:
            raise UsageError(f"{path}: {key} is {value!r}: {error.message}") from error
        defaults[str(param.name)] = text
    ctx.default_map = defaults


Config = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="YAML or TOML file with options by their names; those given here win.",
        callback=_take,
        is_eager=True,
        show_default=False,
    ),
]


def _names(param: Any) -> list[str]:
    """What a parameter is called in a file: as on the command line, with underscores."""
    names = [name.lstrip("-").replace("-", "_") for name in param.opts if name.startswith("--")] or [param.name]
    return [name for name in names if name not in _NEVER]


def _read(path: Path) -> dict[str, Any]:
    import yaml

    if path.suffix.lower() not in _FORMATS:
        raise UsageError(f"{path}: options are read from {', '.join(_FORMATS)} files")
    text = read_text(path)
    try:
        values = tomllib.loads(text) if path.suffix.lower() == ".toml" else yaml.safe_load(text)
    except (tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path}: cannot be read ({' '.join(str(error).split())})") from error
    if not isinstance(values or {}, dict):
        raise UsageError(f"{path}: has no options; write one a line, such as epochs: 30")
    return {key: value for key, value in (values or {}).items() if value is not None}
