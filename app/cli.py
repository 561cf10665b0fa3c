"""The command ``deepmse``."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from ..plugin.errors import DeepMSEError, UsageError
from . import terminal
from .commands import (
    bench,
    datasets,
    demo,
    evaluate,
    explain,
    export,
    features,
    finetune,
    issues,
    machine,
    metrics,
    pair,
    report,
    reproduce,
    score,
    standing,
    train,
    web,
)
from .commands.help import Commands

#: Packages that are not always there, and the extra that brings them.
EXTRAS = {"fiftyone": "fiftyone", "gradio": "web", "gradio_client": "web", "psutil": "web"}

app = Commands(
    name="deepmse",
    help="Score image quality, compare the scores with human opinion, and look at both in FiftyOne.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    # In Rich's own markup the line breaks of docstrings stay, and paragraphs are ragged.
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"deepmse {version('fiftyone-deepmse')}")
        raise typer.Exit


@app.callback()
def options(
    _: Annotated[
        bool,
        typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Options of the command itself."""


_SCORE = "Score images"
_COMPARE = "Compare with opinion"
_TRAIN = "Train models"
_MACHINE = "This machine"

for panel, commands in {
    _SCORE: (demo.demo, score.score, issues.issues, explain.explain, metrics.metrics),
    _COMPARE: (
        evaluate.evaluate,
        report.report,
        pair.pair,
        datasets.datasets,
        datasets.load,
        datasets.check,
        datasets.synth,
        reproduce.reproduce,
        standing.standing,
    ),
    _TRAIN: (features.features, export.export),
    _MACHINE: (machine.doctor,),
}.items():
    for command in commands:
        app.command(rich_help_panel=panel)(command)
# Its name before there was more to train.
app.command("finetune", hidden=True)(finetune.finetune)
app.command("app", rich_help_panel=_SCORE)(web.web)
app.add_typer(train.train_app, name="train", rich_help_panel=_TRAIN)
app.add_typer(machine.weights_app, name="weights", rich_help_panel=_MACHINE)
app.add_typer(machine.plugin_app, name="plugin", rich_help_panel=_MACHINE)
app.add_typer(bench.bench_app, name="bench", rich_help_panel=_MACHINE)


def main() -> None:
    """Run the command line: exit status 0 done, 2 wrong usage, 3 some images failed, 1 anything else."""
    # On standard output, FiftyOne's own choice, are results. Any other word leaves its warnings to Python: on stderr.
    os.environ.setdefault("FIFTYONE_LOGGING_DESTINATION", "python")
    try:
        app()
    except DeepMSEError as error:
        terminal.err.print(f"[bold red]error:[/] {terminal.escaped(error)}", soft_wrap=True)
        sys.exit(2 if isinstance(error, UsageError) else 1)
    except ModuleNotFoundError as error:
        if error.name not in EXTRAS:
            raise
        fix = f"pip install 'fiftyone-deepmse[{EXTRAS[error.name]}]'"
        terminal.err.print(
            f"[bold red]error:[/] {error.name} is not installed; {terminal.escaped(fix)}", soft_wrap=True
        )
        sys.exit(1)
