"""A batch of the web page in FiftyOne: a process of its own, which makes the dataset and serves the App on it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from ..plugin.engine.records import Item, Measurement, Score
from ..plugin.errors import DeepMSEError, UsageError

#: What the process is started with, and what its first line on standard output is that is meant for us.
CODE: Final = "from deepmse.app.scored import serve; serve()"
MARK: Final = "deepmse-app: "

#: Kept of a measurement; the others are shown by no field of a dataset.
FIELDS: Final = ("value", "stages", "deviation", "grade", "domain")

Started = tuple[subprocess.Popen[str], str]
"""The process, and the address of its App."""


def start(scores: Sequence[Score], metrics: Sequence[str], names: Sequence[str]) -> Started:
    """Make a dataset of a batch and open the App on it, in another process.

    Args:
        scores: of the pictures
        metrics: names of the metrics
        names: what visitors call the pictures

    Raises:
        UsageError: if FiftyOne can't, with its reason
    """
    batch = {
        "metrics": list(metrics),
        "rows": [_told(score, name) for score, name in zip(scores, names, strict=True)],
    }
    process = subprocess.Popen(  # noqa: S603 - our own command
        [sys.executable, "-c", CODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None and process.stdout is not None  # noqa: S101 - both are pipes
    with process.stdin as sending:
        json.dump(batch, sending)
    answer = next((line.removeprefix(MARK) for line in process.stdout if line.startswith(MARK)), "{}")
    told = json.loads(answer)
    if "url" not in told:
        process.wait()
        raise UsageError(f"FiftyOne could not open the batch: {told.get('error', 'see what the server has printed')}")
    return process, str(told["url"])


def _told(score: Score, name: str) -> dict[str, Any]:
    return {
        "name": name,
        "dist": str(score.item.dist),
        "ref": None if score.item.ref is None else str(score.item.ref),
        "found": {
            metric: {field: getattr(measured, field) for field in FIELDS}
            for metric, measured in score.measurements.items()
        },
        "errors": score.errors,
    }


def _score(row: Mapping[str, Any]) -> Score:
    found = {
        metric: Measurement(**{**values, "stages": tuple(values["stages"])})
        for metric, values in row["found"].items()
    }
    return Score(Item(row["name"], row["dist"], row["ref"]), found, row["errors"])


def serve() -> None:
    """Read a batch from standard input, make its dataset, and serve the App on it until the process is ended."""
    from ..plugin.panel.launch import launch_app
    from ..plugin.store.config import plugins_dir
    from ..plugin.store.scored import import_scored
    from . import plugin_link
    from .ports import free_port

    batch = json.load(sys.stdin)
    try:
        name = f"quality-{datetime.now():%Y%m%d-%H%M%S}"
        scores = [_score(row) for row in batch["rows"]]
        dataset = import_scored(name, scores, batch["metrics"], [row["name"] for row in batch["rows"]])
        plugin_link.link(Path(plugins_dir()))
        session = launch_app(dataset, port=free_port(), remote=True)
    except DeepMSEError as error:
        print(f"{MARK}{json.dumps({'error': str(error)})}", flush=True)
        return
    print(f"{MARK}{json.dumps({'url': session.url, 'dataset': name})}", flush=True)
    session.wait(-1)
