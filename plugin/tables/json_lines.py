"""Tables as JSON lines: an object a row."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import UsageError
from .delimited import read_text
from .table import Table


def read(path: Path) -> Table:
    """Read a file of one object a line; its columns are the objects' keys, as they come.

    Nothing of an object is looked into: a list or an object in it is the text that it is in JSON.

    Raises:
        UsageError: if it cannot be read, a line is no object, or there is none
    """
    objects: list[tuple[int, dict[str, Any]]] = []
    for number, line in enumerate(read_text(path).split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise UsageError(f"{path}, line {number}: is no JSON ({error}); write one object a line") from error
        if not isinstance(value, dict):
            raise UsageError(f'{path}, line {number}: is no object, such as {{"dist": "a.png"}}')
        objects.append((number, value))
    if not objects:
        raise UsageError(f"{path}: empty; write one object a line")
    columns = tuple(dict.fromkeys(name for _, value in objects for name in value))
    rows = tuple({name: as_text(value.get(name)) for name in columns} for _, value in objects)
    return Table(path, columns, rows, tuple(number for number, _ in objects))


def as_text(value: Any) -> str:
    """A value as it stands in a table of text; nothing for None."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One line a row; an infinite number, which JSON does not have, is the text "inf" or "-inf"."""
    for row in rows:
        values = {name: str(value) if value in (math.inf, -math.inf) else value for name, value in row.items()}
        yield json.dumps(values, ensure_ascii=False) + "\n"
