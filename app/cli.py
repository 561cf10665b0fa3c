"""The command ``deepmse``."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from ..plugin.errors import DeepMSEError, UsageError
from . import terminal

SOME_FAILED = 3

#: Packages that not everybody needs, by the extra that brings each.
EXTRAS = {"fiftyone": "fiftyone", "gradio": "web"}

app = typer.Typer(
    name="deepmse",
    help="Score image quality, compare the scores with human opinion, and look at both in FiftyOne.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Device = Annotated[str, typer.Option(help="auto (CUDA where there is one), cpu, cuda or cuda:N.")]
WeightsPath = Annotated[
    Path | None,
    typer.Option("--weights", help="SqueezeNet weights: a file, or a folder that has it.", show_default="search"),
]


def main() -> None:
    """Run the command line: exit status 0 done, 2 wrong usage, 3 some images failed, 1 anything else."""
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


@app.command()
def score(
    pairs: Annotated[
        Path,
        typer.Argument(
            metavar="PAIRS.csv", help="CSV file with the columns dist and ref; relative paths start at its folder."
        ),
    ],
    metric: Annotated[
        list[str] | None,
        typer.Option("--metric", "-m", help="Metric to compute; repeatable.", show_default="deepmse"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="OUT.csv", help="Where to write the scores.", show_default="standard output"
        ),
    ] = None,
    device: Device = "auto",
    weights: WeightsPath = None,
    preset: Annotated[
        str | None, typer.Option(help="DeepMSE's stages: lpips-ends, image+relu or pools.", show_default="lpips-ends")
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(help="Image policy: resize-256, or native for no resizing.", show_default="the metric's"),
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Images at a time.", show_default="what suits the device")
    ] = None,
    max_pixels: Annotated[
        int | None, typer.Option(min=1, help="Refuse images of more pixels.", show_default="89,478,485")
    ] = None,
    dist_column: Annotated[str, typer.Option(help="Column of the distorted images.")] = "dist",
    ref_column: Annotated[str, typer.Option(help="Column of the references.")] = "ref",
    resume: Annotated[bool, typer.Option("--resume", help="Keep the rows that OUT.csv has already.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a summary as JSON; without -o it contains the scores.")
    ] = False,
) -> None:
    """Score image pairs listed in a CSV file.

    Writes the input's columns, one column a metric, and "error". A pair that cannot be scored has an empty score and
    the reason. Exit status: 0 all scored, 3 some rows failed, 2 wrong usage.
    """
    from ..plugin import tables
    from ..plugin.images import MAX_PIXELS
    from ..plugin.metrics import metric_info
    from ..plugin.scoring import Scorer, reason

    metrics = [metric_info(name).name for name in dict.fromkeys(metric or ["deepmse"])]
    if resume and out is None:
        raise UsageError("--resume continues a file: name it with -o OUT.csv")
    table = tables.read_table(pairs)
    columns = tables.output_columns(table, metrics)
    needs_reference = any(metric_info(name).kind == "FR" for name in metrics)
    items = tables.items(table, dist=dist_column, ref=ref_column if needs_reference else None)
    scorer = Scorer(
        metrics,
        device=device,
        weights=weights,
        preset=preset,
        policy=policy,
        batch_size=batch_size,
        max_pixels=max_pixels or MAX_PIXELS,
    )
    _warn(scorer.warnings)

    failures: Counter[str] = Counter()
    rows: list[dict[str, str]] = []
    kept = 0
    if out is None:
        for result in terminal.progress(scorer.run(items), "Scoring", len(items)):
            rows.append(tables.row_of(table, metrics, result))
            if result.error:
                failures[reason(result.error, result.item)] += 1
        if not as_json:
            sys.stdout.writelines(tables.csv_text(columns, rows))
    else:
        with tables.ScoreWriter(out, table, metrics, scorer.describe(), resume=resume) as writer:
            kept = len(writer.kept)
            for item, row in zip(items, writer.kept, strict=False):
                if row[tables.ERROR]:
                    failures[reason(row[tables.ERROR], item)] += 1
            try:
                for result in terminal.progress(scorer.run(items[kept:]), "Scoring", len(items) - kept):
                    writer.write(result)
                    if result.error:
                        failures[reason(result.error, result.item)] += 1
            except KeyboardInterrupt:
                terminal.err.print(
                    f"Stopped. {terminal.escaped(out)} has what was scored; go on with --resume.", soft_wrap=True
                )
                sys.exit(130)

    failed = failures.total()
    summary: dict[str, Any] = {
        "pairs": len(items),
        "scored": len(items) - failed,
        "failed": failed,
        "kept": kept,
        "errors": dict(failures.most_common()),
        "output": None if out is None else str(out),
        **scorer.describe(),
    }
    if as_json:
        print(json.dumps(summary if out else {**summary, "rows": rows}, indent=2, ensure_ascii=False))
    _print_summary(summary)
    if failed:
        raise typer.Exit(SOME_FAILED)


def _print_summary(summary: dict[str, Any]) -> None:
    where = f" → {summary['output']}" if summary["output"] else ""
    kept = f", {summary['kept']} of them kept from before" if summary["kept"] else ""
    terminal.err.print(
        f"{summary['scored']} of {summary['pairs']} pairs scored{kept}{terminal.escaped(where)}", soft_wrap=True
    )
    for reason, count in summary["errors"].items():
        terminal.err.print(f"  {count} failed: {terminal.escaped(reason)}", soft_wrap=True)


@app.command()
def evaluate(
    scores: Annotated[
        Path,
        typer.Argument(metavar="SCORES.csv", help="CSV file with a column of target values and columns of scores."),
    ],
    target: Annotated[str, typer.Option(help="Column of the target, such as mos or dmos.")],
    lower_is_better: Annotated[
        bool, typer.Option("--lower-is-better", help="Lower target values mean better quality, as with DMOS.")
    ] = False,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            "-m",
            metavar="COL",
            help="Column of scores; repeatable. COL:lower or COL:higher declares the direction of an unknown metric.",
            show_default="every known metric",
        ),
    ] = None,
    by: Annotated[
        str | None, typer.Option(metavar="COL", help="Also evaluate within each value of this column.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Correlate scores with a target such as MOS, overall and by group.

    SRCC, KRCC (tau-b), and PLCC and RMSE after a monotone 5-parameter logistic fit. Scores and target are each turned
    so that higher is better: a positive correlation means that they agree, a negative one that they do not.
    """
    from ..plugin.evaluation import evaluate as run
    from ..plugin.tables import read_table

    table = read_table(scores)
    table.require(target, *([by] if by else []))
    directions = _directions(metric, table.columns)
    result = run(
        {column: table.numbers(column) for column in directions},
        table.numbers(target),
        target_name=target,
        target_lower_is_better=lower_is_better,
        lower_is_better=directions,
        groups=[row[by] for row in table.rows] if by else None,
    )
    if as_json:
        print(json.dumps(result.to_dict(), indent=2, ensure_ascii=False, allow_nan=False))
        return
    terminal.out.print(evaluation_table(result, by))
    for row in result.rows:
        if row.reason:
            terminal.err.print(
                f"{row.metric}, {terminal.escaped(row.group)}: {terminal.escaped(row.reason)}", soft_wrap=True
            )


def _directions(metrics: list[str] | None, columns: tuple[str, ...]) -> dict[str, bool]:
    """Columns to evaluate, each with whether lower is better."""
    from ..plugin.metrics import find_by_field

    if metrics is None:
        known = {column: info.lower_is_better for column in columns if (info := find_by_field(column))}
        if not known:
            raise UsageError(f"no column is named after a known metric; name one with -m ({', '.join(columns)})")
        return known
    directions = {}
    for name in metrics:
        column, _, direction = name.rpartition(":") if name.endswith((":lower", ":higher")) else (name, "", "")
        info = find_by_field(column.replace("-", "_"))
        column = info.field if info and column not in columns else column
        if not direction and info is None:
            _warn([f"{column} is no known metric: taking higher as better; say {column}:lower if it is not"])
        directions[column] = direction == "lower" if direction else bool(info and info.lower_is_better)
    return directions


def evaluation_table(result: Any, by: str | None) -> Any:
    """A :class:`~..plugin.evaluation.Evaluation` for the terminal."""
    return terminal.table(
        f"Agreement with {result.target}",
        ("metric", by or "group", "n", "SRCC", "KRCC", "PLCC", "RMSE", "fit"),
        (
            (
                row.metric,
                row.group,
                str(row.n),
                *(terminal.number(value) for value in (row.srcc, row.krcc, row.plcc, row.rmse)),
                row.fit or "–",
            )
            for row in result.rows
        ),
        left=2,
    )


@app.command()
def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Print the table and exit instead of opening the App.")
    ] = False,
    photos: Annotated[
        Path | None, typer.Option(help="Folder of photographs to distort.", show_default="those in scikit-image")
    ] = None,
    data: Annotated[
        tuple[str, Path] | None,
        typer.Option(
            metavar="NAME ROOT",
            help="Use a published dataset instead, such as: live_subset FOLDER.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port of the App.", show_default="FiftyOne's")] = None,
    address: Annotated[
        str | None, typer.Option(help="Address to serve the App on.", show_default="FiftyOne's")
    ] = None,
    device: Device = "auto",
    weights: WeightsPath = None,
) -> None:
    """Score a demonstration dataset and open it in the FiftyOne App beside the panel on agreement.

    By default photographs are distorted by four types at five levels. There the target is the level: a severity, not
    an opinion score.
    """
    from ..plugin.store import evaluate_view
    from . import demo as demonstration

    if photos and data:
        raise UsageError("--photos makes a dataset and --data NAME ROOT reads one: give one of them")
    dataset = demonstration.prepare(data, photos)
    summary = demonstration.compute(dataset, device=device, weights=weights)
    _warn(summary.warnings)
    terminal.err.print(f"{summary.scored} pairs of {dataset.name} scored, {summary.failed} failed", soft_wrap=True)
    terminal.out.print(evaluation_table(evaluate_view(dataset, breakdown="distortion"), "distortion"))
    if not headless:
        demonstration.show(
            dataset, port, address, lambda url: terminal.out.print(f"The App is open at {url} (Ctrl+C ends it)")
        )


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Show what is installed and what is missing, with the fix for each. Exit status 1 if something is missing."""
    from rich.text import Text

    from .doctor import Finding, examine

    findings: list[Finding] = []
    for finding in terminal.progress(examine(), "Looking", total=None):
        findings.append(finding)
    if as_json:
        print(json.dumps([finding.to_dict() for finding in findings], indent=2, ensure_ascii=False))
    else:
        marks = {
            "ok": Text("ok", "green"),
            "warning": Text("limited", "yellow"),
            "missing": Text("missing", "red"),
        }
        rows = [(f.name, marks[f.state], f.found, f.fix) for f in findings]
        terminal.out.print(terminal.table("", ("", "", "found", "fix"), rows, left=4))
    if any(finding.state == "missing" for finding in findings):
        raise typer.Exit(1)


bench_app = typer.Typer(help="Benchmarks: measured here and now, on this machine.", no_args_is_help=True)
app.add_typer(bench_app, name="bench")


@bench_app.command("speed")
def bench_speed(
    photos: Annotated[
        Path | None, typer.Option(help="Folder of photographs to distort.", show_default="those in scikit-image")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="How often to time each; the median counts.")] = 5,
    device: Device = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print the rates as JSON.")] = False,
) -> None:
    """Time decoding, DeepMSE and LPIPS (network squeeze) on the same images, model only and from files to CSV."""
    from tempfile import TemporaryDirectory

    from .bench import DECODE, END_TO_END, LPIPS, speed

    with TemporaryDirectory() as folder:
        rates = speed(Path(folder), photos, rounds, device)
    per_second = {rate.name: rate.per_second for rate in rates}
    baselines = {
        part: max(v for k, v in per_second.items() if k.startswith(LPIPS) and part in k)
        for part in ("model only", "files to CSV")
    }
    result = {
        "rates": [rate.to_dict() for rate in rates],
        "share_of_decode_only_bound": per_second[END_TO_END] / per_second[DECODE],
    }
    if as_json:
        print(json.dumps(result, indent=2))
        return
    rows = [
        (
            rate.name,
            f"{rate.per_second:.0f} {rate.unit}/s",
            next(
                (f"{rate.per_second / baseline:.1f} ×" for part, baseline in baselines.items() if part in rate.name),
                "",
            ),
        )
        for rate in rates
    ]
    terminal.out.print(terminal.table("Median speed", ("", "", f"to the faster {LPIPS}"), rows))
    terminal.out.print(f"{END_TO_END}: {result['share_of_decode_only_bound']:.0%} of what decoding alone allows")


@bench_app.command("fiftyone")
def bench_fiftyone(
    samples: Annotated[int, typer.Option(min=1, help="Pairs in the dataset.")] = 10_000,
) -> None:
    """Time all that a computation in FiftyOne takes besides decoding and inference."""
    from .bench import fiftyone_overhead

    for error_maps in (False, True):
        seconds = fiftyone_overhead(samples, error_maps=error_maps)
        maps = "with" if error_maps else "without"
        terminal.out.print(
            f"{samples:,} pairs, {maps} error maps: {seconds:.1f} s to read the view, write fields and the run"
        )


weights_app = typer.Typer(
    help="Network weights: where they are, whether they are whole, how to get them.", no_args_is_help=True
)
app.add_typer(weights_app, name="weights")


@weights_app.command("list")
def weights_list() -> None:
    """Show which weights would be used, and from where."""
    from ..plugin.models.squeezenet import SQUEEZENET1_1
    from ..plugin.models.weights import resolve

    found = resolve(SQUEEZENET1_1)
    rows = [(SQUEEZENET1_1.name, found.name, found.sha256[:12], str(found.path))]
    terminal.out.print(terminal.table("", ("network", "weights", "SHA-256", "file"), rows, left=4))
    _warn([found.warning] if found.warning else [])


@weights_app.command("fetch")
def weights_fetch(
    folder: Annotated[Path, typer.Argument(help="Where to put the file; set DEEPMSE_WEIGHTS to it afterwards.")],
) -> None:
    """Download torchvision's SqueezeNet 1.1."""
    from ..plugin.models.squeezenet import SQUEEZENET1_1
    from ..plugin.models.weights import fetch

    print(fetch(SQUEEZENET1_1, folder))


@weights_app.command("verify")
def weights_verify(
    path: Annotated[Path, typer.Argument(help="A weights file, or a folder that has it.")],
) -> None:
    """Check that a weights file is a known one and fits its network."""
    from ..plugin.models.squeezenet import build

    _, found = build(path)
    if found.warning:
        raise DeepMSEError(found.warning)
    print(f"{found.path}: {found.name}, SHA-256 {found.sha256}")


plugin_app = typer.Typer(help="The FiftyOne plugin.", no_args_is_help=True)
app.add_typer(plugin_app, name="plugin")


@plugin_app.command("link")
def plugin_link() -> None:
    """Link this package into FiftyOne's plugins folder, so that the App loads it."""
    from ..plugin.store.config import plugins_dir
    from .plugin_link import link

    print(link(plugins_dir()))


@plugin_app.command("unlink")
def plugin_unlink() -> None:
    """Undo "deepmse plugin link"."""
    from ..plugin.store.config import plugins_dir
    from .plugin_link import unlink

    print(unlink(plugins_dir()) or "there was no link")


@app.command("app")
def web(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 7860,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = "127.0.0.1",
    device: Device = "auto",
    weights: WeightsPath = None,
) -> None:
    """Open a web page that scores a pair of pictures."""
    from .web import serve

    serve(port=port, host=host, device=device, weights=weights)


def _warn(warnings: Any) -> None:
    for warning in warnings:
        terminal.err.print(f"[yellow]warning:[/] {terminal.escaped(warning)}", soft_wrap=True)
