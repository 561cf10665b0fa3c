"""Measures again what the pages print, and tells for each figure its command, last value, new value and interval.

``python docs/figures`` lists the figures. With names of figures or commands, ``--page`` or ``--all`` it runs what
gives them. ``register.toml`` says which command gives a figure and which page prints it, ``values.json`` what was
measured last.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Annotated, Any, Final

import typer
from deepmse.app import terminal
from deepmse.plugin.errors import UsageError
from deepmse.plugin.reproduction.context import find_datasets
from deepmse.plugin.tables import is_table, read_table
from register import Command, Figure, Found, read_register, read_values, write_values

HERE: Final = Path(__file__).resolve().parent
ROOT: Final = HERE.parents[1]
TEST_DATA: Final = Path(os.environ.get("DEEPMSE_TEST_DATA", ROOT / "shared"))
DATA: Final = TEST_DATA / "data"


def figures(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME...", help="Figures, or beginnings of their names, such as a command's."),
    ] = None,
    page: Annotated[str | None, typer.Option(help="All figures of this page, such as README.md.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All figures; long commands and speeds only by name.")
    ] = False,
    data: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROOT",
            help="Folder of datasets, or NAME=FOLDER; repeatable.",
            show_default="$DEEPMSE_TEST_DATA/data",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="OUT.json", help="Take what the command gave earlier, in place of running it."
        ),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on in the folder of an interrupted command.")] = False,
    write: Annotated[bool, typer.Option("--write", help="Write new values into the pages and values.json.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Tell whether the pages print the last values; runs nothing.")
    ] = False,
) -> None:
    """Measure again what README and docs print. Exit status 1 where something does not agree, or could not be run."""
    register, last = read_register(HERE / "register.toml"), read_values(HERE / "values.json")
    for figure in register:
        if figure.name in last and not figure.fits(last[figure.name]):
            del last[figure.name]
    if check:
        wrong = misprints(register, last)
        print(*wrong, sep="\n")
        raise typer.Exit(bool(wrong))
    chosen = [figure for figure in register if page in (None, figure.page) and is_named(figure, names or [])]
    if not chosen:
        raise typer.BadParameter("no figure has such a name or page")
    commands = list(dict.fromkeys(figure.command for figure in chosen))
    if output and len(commands) > 1:
        raise typer.BadParameter(f"--from is what one command gave, and these are figures of {len(commands)}")
    runs = [each for each in commands if names or not (each.long or each.machine)]
    found: dict[str, Found] = {}
    failed: dict[str, str] = {}
    if names or page or everything:
        wanted = sorted({name for each in runs for name in each.needs})
        try:
            roots = find_datasets(data or [str(DATA)] * DATA.is_dir(), wanted)
        except UsageError as error:
            raise typer.BadParameter(str(error)) from error
        for command in runs:
            try:
                result = read_output(output) if output else run(command, roots, resume=resume)
                found |= {each.name: each.measured(result) for each in chosen if each.command == command}
            except (NotRunError, ValueError) as error:
                failed[command.name] = str(error)
    differ = [figure for figure in chosen if figure.name in found and not agrees(figure, last, found)]
    for command in commands:
        rows = [
            row(figure, last, found, "no" if figure in differ else "yes")
            for figure in chosen
            if figure.command == command
        ]
        terminal.out.print(f"\n[bold]{terminal.escaped(command.name)}[/]")
        terminal.out.print(terminal.escaped("\n".join(step.strip() for step in command.steps)), soft_wrap=True)
        terminal.out.print(terminal.table("", ("figure", "last", "new", "interval", "agrees"), rows, left=1))
        if command not in runs:
            terminal.out.print(f"{'of the machine' if command.machine else 'long'}: run only by name", style="dim")
    for name, reason in failed.items():
        terminal.err.print(f"{name}: {terminal.escaped(reason)}", soft_wrap=True)
    if write:
        write_pages(chosen, found)
        write_values(HERE / "values.json", last | found)
    raise typer.Exit(bool(failed or differ))


class NotRunError(Exception):
    """A command could not be run: data are not at hand, or a step ended with an error."""


def is_named(figure: Figure, names: Sequence[str]) -> bool:
    """Whether a figure is among the named ones; all are where nothing is named."""
    return not names or any(f"{figure.name}/".startswith(f"{name.rstrip('/')}/") for name in names)


def run(command: Command, roots: Mapping[str, Path], *, resume: bool) -> Any:
    """Run a command in a folder of its own.

    Args:
        command: what to run
        roots: folders of datasets, by name
        resume: go on in the folder as it is; else it is made anew

    Returns:
        its JSON

    Raises:
        NotRunError: data are not at hand, or a step ended with an error
    """
    if missing := [name for name in command.needs if name not in roots]:
        raise NotRunError(f"not run, since {', '.join(missing)} is not at hand; name its folder by --data")
    folder = ROOT / "build" / "figures" / command.name
    if not resume:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))}
    if (TEST_DATA / "weights").is_dir():
        environment.setdefault("DEEPMSE_WEIGHTS", str(TEST_DATA / "weights"))
    printed = folder / "output.json"
    for step in command.steps:
        # Data are put in once the words are told apart: a folder may have blanks in its name.
        words = [Template(word).substitute(roots, root=ROOT) for word in shlex.split(step)]
        terminal.err.print(f"{command.name}: {terminal.escaped(step)}", soft_wrap=True)
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotRunError(f"{step} ended with status {done.returncode}: {done.stderr.strip()[-500:]}")
        printed.write_text(done.stdout)
    return read_output(folder / command.output if command.output else printed)


def read_output(path: Path) -> Any:
    """The JSON of a file, or of a table: its rows, every value as text."""
    return {"rows": [*map(dict, read_table(path).rows)]} if is_table(path) else json.loads(path.read_text())


def agrees(figure: Figure, last: Mapping[str, Found], found: Mapping[str, Found]) -> bool:
    """Whether a new value is the last one, as printed or within the tolerance; those of a machine always do."""
    if figure.command.machine:
        return True
    if figure.name not in last:
        return False
    old, new = last[figure.name], found[figure.name]
    if figure.printed(old) == figure.printed(new):
        return True
    if figure.tolerance is None:
        return False
    pairs = zip(new.values, old.values, strict=True)
    return all(abs(value - before) <= figure.tolerance * abs(before) for value, before in pairs)


def row(figure: Figure, last: Mapping[str, Found], found: Mapping[str, Found], verdict: str) -> tuple[str, ...]:
    """A figure's row of the table."""
    old, new = (" ".join(figure.printed(each[figure.name])) if figure.name in each else "–" for each in (last, found))
    newest = found.get(figure.name) or last.get(figure.name)
    if newest and newest.interval:
        interval = "{:.3g} to {:.3g}".format(*newest.interval)
    elif figure.command.machine:
        interval = "of the machine"
    else:
        interval = "as printed" if figure.tolerance is None else f"±{figure.tolerance:.0%}"
    return figure.name, old, new, interval, verdict if figure.name in found else "–"


def write_pages(chosen: Iterable[Figure], found: Mapping[str, Found]) -> None:
    """Write what was measured into the pages."""
    for figure in chosen:
        if figure.name in found:
            page = ROOT / figure.page
            page.write_text(figure.written_into(page.read_text(), found[figure.name]))


def misprints(register: Iterable[Figure], last: Mapping[str, Found]) -> list[str]:
    """What is not printed as it was measured last, in words."""
    wrong = []
    pages: dict[str, str] = {}
    known = set()
    for figure in register:
        known.add(figure.name)
        if figure.name not in last:
            wrong.append(f"{figure.name}: values.json has no value of it")
            continue
        page = pages.setdefault(figure.page, (ROOT / figure.page).read_text())
        printed = [place.groups() for place in figure.found_in(page)]
        expected = figure.printed(last[figure.name])
        if printed != [expected]:
            wrong.append(f"{figure.name}: {figure.page} prints {printed or 'nothing'}, and {expected} was measured")
    return [*wrong, *(f"{name}: the register has no such figure" for name in last if name not in known)]


if __name__ == "__main__":
    typer.run(figures)
