"""The register: which command gives a figure, where in its JSON, and how which page prints it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter, Template
from typing import Any, Final

import jmespath

TEXT: Final = r"((?:[^|\s\d][^|]*?)?)"


@dataclass(frozen=True)
class Command:
    """What measures.

    Args:
        name: in the register
        steps: command lines, run one after another in one folder; ``$root`` is the repository, ``$NAME`` a dataset's
            folder
        needs: names of the datasets
        output: the file with the JSON, or a table, which counts as a list ``rows``; None: what the last step prints
        long: takes more than ten minutes; run only if it is named
        machine: what it gives depends on the machine; run only if it is named, and nothing has to agree
    """

    name: str
    steps: tuple[str, ...]
    needs: tuple[str, ...] = ()
    output: str | None = None
    long: bool = False
    machine: bool = False


@dataclass(frozen=True)
class Found:
    """What was measured: values in the order of a text's fields, and a 95 % interval where there is one."""

    values: tuple[Any, ...]
    interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Figure:
    """What a page prints of a measurement.

    Args:
        name: its command's, its own and, of a row of a table, the row's
        command: what gives it
        page: where it is printed, from the repository's root
        text: as it is printed, with a format field for each value: ``{}`` is text, all others are numbers, and
            ``{low:…}`` and ``{high:…}`` the interval's ends; a blank may be the end of a line
        values: where the values stand in the command's JSON, as JMESPath
        interval: where the interval stands
        tolerance: how far a value may be from the last, as a share of it; None where it has to print the same
    """

    name: str
    command: Command
    page: str
    text: str
    values: str
    interval: str | None = None
    tolerance: float | None = None

    def measured(self, output: Any) -> Found:
        """What the command's JSON says.

        Raises:
            ValueError: it does not say it
        """
        values = jmespath.search(self.values, output, QUERIES)
        interval = self.interval and jmespath.search(self.interval, output, QUERIES)
        values = values if isinstance(values, list) else [values]
        if not values or None in values or (self.interval and not interval):
            raise ValueError(f"{self.name}: the command's JSON has no {self.values} or no {self.interval}")
        return Found(tuple(values), tuple(interval) if interval else None)

    def fits(self, found: Found) -> bool:
        """Whether there is a value for each field: not of what was measured before the text was changed."""
        return len(found.values) == sum(name == "" for _, name, _ in self._fields())

    def printed(self, found: Found) -> tuple[str, ...]:
        """Each field as the page prints it."""
        rest = iter(found.values)
        ends = dict(zip(("low", "high"), found.interval or (), strict=False))
        fields = [(name, spec) for _, name, spec in self._fields() if name is not None]
        return tuple(format(ends[name] if name else next(rest), spec) for name, spec in fields)

    def found_in(self, page: str) -> list[re.Match[str]]:
        """Where the page prints it, with whatever values."""
        pattern = ""
        for before, name, spec in self._fields():
            pattern += r"\s+".join(map(re.escape, before.split(" ")))
            if name is not None:
                pattern += _pattern(spec)
        return list(re.finditer(pattern, page))

    def written_into(self, page: str, found: Found) -> str:
        """The page with new values."""
        (place,) = self.found_in(page)
        for group, cell in reversed(list(enumerate(self.printed(found), start=1))):
            page = page[: place.start(group)] + cell + page[place.end(group) :]
        return page

    def _fields(self) -> Iterator[tuple[str, str | None, str]]:
        """What stands before each field, its name and format; last what stands behind all, and None."""
        for before, name, spec, _ in Formatter().parse(self.text):
            yield before, name, spec or ""


def _pattern(spec: str) -> str:
    """What matches a field of a format: text, or a number of as many decimal places."""
    if not spec:
        return TEXT
    places = int(spec.partition(".")[2].rstrip("f") or 0)
    return r"([-+]?\d+(?:,\d{3})*" + (rf"\.\d{{{places}}})(?!\d)" if places else r")(?!\d|\.\d)")


def read_register(path: Path) -> list[Figure]:
    """All figures, those of tables by row.

    Raises:
        TypeError: a key that is none
        KeyError: an unknown command
    """
    register = tomllib.loads(path.read_text())
    commands = {name: _command(name, each) for name, each in register["commands"].items()}
    return [figure for entry in register["figures"] for figure in _rows(entry, commands)]


def _command(name: str, entry: Mapping[str, Any]) -> Command:
    settings = {key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()}
    return Command(name, **settings)


def _rows(entry: Mapping[str, Any], commands: Mapping[str, Command]) -> Iterator[Figure]:
    settings = dict(entry)
    command, rows = commands[settings.pop("command")], settings.pop("rows", None)
    name = f"{command.name}/{settings.pop('name')}"
    if rows is None:
        yield Figure(name, command, **settings)
        return
    for each in rows:
        key, title = (each, each) if isinstance(each, str) else each
        row = {"key": key, "title": title}
        filled = {
            field: Template(value).substitute(row) if isinstance(value, str) else value
            for field, value in settings.items()
        }
        yield Figure(f"{name}/{key}", command, **filled)


def read_values(path: Path) -> dict[str, Found]:
    """What was measured last, by the figure's name."""
    return {
        name: Found(tuple(each["values"]), tuple(each["interval"]) if "interval" in each else None)
        for name, each in json.loads(path.read_text()).items()
    }


def write_values(path: Path, values: Mapping[str, Found]) -> None:
    """Write what was measured, a line a figure."""
    lines = []
    for name, found in sorted(values.items()):
        each = {"values": found.values} | ({"interval": found.interval} if found.interval else {})
        lines.append(f"  {json.dumps(name, ensure_ascii=False)}: {json.dumps(each, ensure_ascii=False)}")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


class _Functions(jmespath.functions.Functions):
    """What JMESPath lacks and pages print."""

    @jmespath.functions.signature({"types": ["number"]}, {"types": ["number"]})
    def _func_over(self, value: float, divisor: float) -> float:
        return value / divisor

    @jmespath.functions.signature({"types": ["string"]}, {"types": ["string"]})
    def _func_split(self, text: str, separator: str) -> list[str]:
        return text.split(separator)

    @jmespath.functions.signature({"types": ["object"]}, {"types": ["string"]})
    def _func_counts(self, counts: Mapping[str, int], without: str) -> str:
        """Names and numbers, the most frequent first."""
        ordered = sorted(counts.items(), key=lambda each: -each[1])
        return ", ".join(f"{name} {number}" for name, number in ordered if name != without)


QUERIES: Final = jmespath.Options(custom_functions=_Functions())
