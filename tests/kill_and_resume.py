"""Kills ``deepmse score`` at random moments, resumes it each time, and compares what comes out with one quiet run.

``python tests/kill_and_resume.py TABLE --moments 20 [--engine ray] [-m METRIC]`` prints as JSON what was lost,
doubled or different, and ends with status 1 if anything was.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

RUN = "from deepmse.app.cli import main; main()"


def started(script: str, *arguments: object) -> subprocess.Popen[bytes]:
    """Python code, in a process group of its own, so that what it starts can be killed with it."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the work and all that it started, as a machine that loses its power does."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def survives(
    start: Callable[[bool], subprocess.Popen[bytes]], moments: int, progress: Callable[[], int], total: int
) -> int:
    """Run work, kill it at random moments and resume it, until it ends by itself.

    Args:
        start: starts the work, told whether to resume it, as :func:`started` does
        moments: how often to kill it
        progress: tells how many rows are written
        total: how many there are

    Returns:
        how often it was killed
    """
    rng, killed = random.Random(0), 0
    while True:
        process = start(killed > 0)
        written = progress()
        # A moment is a number of rows from here on, and the time until the next; no machine is too slow for it.
        goal = written + rng.randint(0, max(1, (total - written) // max(1, moments - killed)))
        while killed < moments and process.poll() is None and progress() < goal:
            time.sleep(0.01)
        time.sleep(rng.random() * 0.05)
        if killed < moments and process.poll() is None:
            kill(process)
            killed += 1
            continue
        _, told = process.communicate()
        if process.returncode not in (0, 3):
            raise SystemExit(f"ended with status {process.returncode}: {told.decode()}")
        return killed


def rows(path: Path) -> int:
    """Whole rows of a CSV file without quoted line ends; 0 where there is none."""
    return max(0, path.read_bytes().count(b"\n") - 1) if path.exists() else 0


def differences(table: Path, metric: str, moments: int, folder: Path, engine: str = "local") -> tuple[int, list[str]]:
    """How often the command was killed, and the rows that a quiet run of the one-process engine has otherwise."""
    quiet, killed = folder / "quiet.csv", folder / "killed.csv"
    started(RUN, "score", table, "-m", metric, "-o", quiet).communicate()

    def score(resumes: bool) -> subprocess.Popen[bytes]:
        resume = ["--resume"] if resumes else []
        return started(RUN, "score", table, "-m", metric, "-o", killed, "--engine", engine, *resume)

    times = survives(score, moments, lambda: rows(killed), rows(quiet))
    expected, found = quiet.read_text().splitlines(), killed.read_text().splitlines()
    return times, otherwise(expected, found)


def otherwise(expected: Sequence[object], found: Sequence[object]) -> list[str]:
    """What was found that is not as expected, in words."""
    wrong = [f"{len(found)} rows for {len(expected)}"] if len(found) != len(expected) else []
    return wrong + [str(after) for before, after in zip(expected, found, strict=False) if before != after]


def told(times: int, wrong: list[str]) -> int:
    """Print as JSON how often something was killed and what it has otherwise; the exit status."""
    print(json.dumps({"killed": times, "wrong": len(wrong), "such_as": wrong[:10]}, indent=2))
    return int(bool(wrong))


def main() -> int:
    """Parse the command line, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("--engine", default="local")
    parser.add_argument("-m", "--metric", default="psnr")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        times, wrong = differences(given.table, given.metric, given.moments, Path(folder), given.engine)
    return told(times, wrong)


if __name__ == "__main__":
    sys.exit(main())
