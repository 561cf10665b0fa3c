"""Scores rows on a cluster of two nodes that loses a worker, and then a node, and compares with one process.

``python tests/cluster_loss.py TABLE --rows 100000 [-m METRIC] [--side PIXELS]`` repeats the pairs of a table as
often as it takes, prints rates, memory and what was lost, doubled or different as JSON, and ends with status 1 if
anything was.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
from deepmse.plugin.engine.engines import make_engine
from deepmse.plugin.engine.inputs import read_inputs
from deepmse.plugin.engine.records import Item, Score
from deepmse.plugin.engine.score_tables import items
from PIL import Image
from ray.cluster_utils import Cluster

NODE = {"num_cpus": 1, "object_store_memory": 100 << 20}
_MEGABYTE = 2**20


def repeated(table: Path, rows: int) -> list[Item]:
    """Pairs of a table, over and over, each row with a key of its own."""
    read = read_inputs([str(table)])
    pairs = itertools.islice(itertools.cycle(items(read, dist="dist", ref="ref")), rows)
    return [Item(f"row {row}", pair.dist, pair.ref) for row, pair in enumerate(pairs)]


def reduced(wanted: list[Item], side: int, folder: Path) -> list[Item]:
    """The same pairs of pictures that have at most so many pixels a side."""
    small: dict[Path, Path] = {}

    def copied(path: Path) -> Path:
        if path not in small:
            small[path] = folder / f"{len(small)}.png"
            with Image.open(path) as image:
                image.thumbnail((side, side))
                image.save(small[path])
        return small[path]

    return [replace(item, dist=copied(Path(item.dist)), ref=copied(Path(str(item.ref)))) for item in wanted]


def told(scores: Iterator[Score], total: int) -> Iterator[Score]:
    """The same scores; says now and then how far they are."""
    for done, score in enumerate(scores, 1):
        if done % (total // 10 or 1) == 0:
            print(f"  {done:,} of {total:,}", file=sys.stderr, flush=True)
        yield score


class Memory:
    """The most memory that this process and all that it started have had at once, without what they share."""

    def __init__(self) -> None:
        self.peak = 0.0
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Memory:
        self._watch.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._ended.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._ended.wait(2):
            held = 0
            for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
                try:
                    held += process.memory_full_info().uss
                except psutil.NoSuchProcess:
                    continue
            self.peak = max(self.peak, held / _MEGABYTE)


def workers() -> list[psutil.Process]:
    """Processes of the cluster's workers."""
    return [
        each for each in psutil.Process(os.getpid()).children(recursive=True) if "MapWorker" in str(each.cmdline())
    ]


def on_the_cluster(wanted: list[Item], metric: str) -> Iterator[Score]:
    """Scores of a cluster of which a worker is killed after a third of the rows, and a node after two thirds."""
    cluster = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
    node = cluster.add_node(**NODE)
    where = {"address": cluster.address, "workers": 2}
    try:
        scores = make_engine([metric], "ray", where, device="cpu").run(wanted)
        for done, score in enumerate(scores, 1):
            yield score
            if done == len(wanted) // 3:
                workers()[0].kill()
                print("  killed a worker", file=sys.stderr, flush=True)
            elif done == 2 * len(wanted) // 3:
                cluster.remove_node(node, allow_graceful=False)
                print("  killed a node", file=sys.stderr, flush=True)
    finally:
        cluster.shutdown()


def main() -> int:
    """Parse the command line, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path, help="a table with the columns dist and ref")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("-m", "--metric", default="psnr")
    parser.add_argument("--side", type=int, help="reduce the pictures to so many pixels a side first, to save time")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wanted = repeated(given.table, given.rows)
        if given.side:
            wanted = reduced(wanted, given.side, Path(folder))
        return compare(wanted, given.metric)


def compare(wanted: list[Item], metric: str) -> int:
    """Score in one process and on the cluster, and print what was found; the exit status."""
    results, took = [], []
    for name, scores in (
        ("one process", make_engine([metric], device="cpu").run(wanted)),
        ("two nodes, one lost", on_the_cluster(wanted, metric)),
    ):
        with Memory() as memory:
            start = time.perf_counter()
            results.append(list(told(scores, len(wanted))))
            rate = len(wanted) / (time.perf_counter() - start)
        took.append({"name": name, "rows_per_second": rate, "peak_mb": memory.peak})
    wrong = sum(one != other for one, other in itertools.zip_longest(*results))
    print(json.dumps({"rows": len(wanted), "took": took, "wrong": wrong}, indent=2))
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
