"""A benchmark of the web page: many clients at once, what they wait, and what the server's memory does."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from threading import Barrier
from typing import Any, Final

import numpy as np

from ..plugin import datasets, tables
from ..plugin.engine import score_tables
from ..plugin.engine.scorer import score_pairs
from ..plugin.errors import DeepMSEError
from .first_visits import FirstVisits, first_visits
from .ports import free_port

STOP_S: Final = 60

Pair = tuple[Path, Path]
"""Files of a reference and of a distorted image."""


@dataclass(frozen=True)
class Crowd:
    """How a page has served many clients.

    Args:
        clients: how many there were
        pairs: how many each has sent, one after the other
        lost: pairs that got no score, or another one than the engine's own
        seconds_p50: median of the time from sending a pair to its score
        seconds_p95: what 95 % of them were below
        first_mb: memory of the server after each client's first pair
        last_mb: at the end
        first_visits: what a browser waited for before they came; None where there is none
    """

    clients: int
    pairs: int
    lost: int
    seconds_p50: float
    seconds_p95: float
    first_mb: float
    last_mb: float
    first_visits: FirstVisits | None

    @property
    def growth(self) -> float:
        """By which part the server's memory has grown since the first round."""
        return self.last_mb / self.first_mb - 1

    def to_dict(self) -> dict[str, Any]:
        """The run as JSON."""
        return {**asdict(self), "growth": self.growth}


def crowd(folder: Path, photos: Path | None, clients: int, pairs: int, device: str) -> Crowd:
    """Serve the page and let clients compare pairs on it, all at the same time.

    Args:
        folder: where to put images
        photos: photographs to distort; None for those that scikit-image ships
        clients: how many
        pairs: how many each sends
        device: see :class:`~deepmse.plugin.engine.scorer.Scorer`

    Raises:
        DeepMSEError: if the page does not come up, or gives no client an answer
    """
    datasets.make_demo(folder, photos)
    items = score_tables.items(tables.read_table(folder / "manifest.csv"))
    files = [(Path(item.ref), Path(item.dist)) for item in items if item.ref is not None]
    expected = [score.measurements["deepmse"].value for score in score_pairs(files, device=device)]
    with served(folder, device) as (address, process):
        import psutil

        visits = first_visits(address, "Compare")
        server = psutil.Process(process.pid)
        memory: list[float] = []

        def weigh() -> None:
            memory.append(server.memory_info().rss / 2**20)

        barrier = Barrier(clients, action=weigh)
        shares = [list(islice(cycle(range(len(files))), first, first + pairs)) for first in range(clients)]
        with ThreadPoolExecutor(clients) as pool:
            answers = [
                answer
                for share in pool.map(lambda share: list(_client(address, files, share, barrier)), shares)
                for answer in share
            ]
        weigh()
    kept = [seconds for index, value, seconds in answers if math.isclose(value, expected[index], rel_tol=1e-4)]
    if not kept:
        raise DeepMSEError("the page gave no client the score that the engine gives")
    p50, p95 = np.quantile(kept, (0.5, 0.95))
    return Crowd(clients, pairs, len(answers) - len(kept), float(p50), float(p95), memory[0], memory[-1], visits)


def _client(
    address: str, files: Sequence[Pair], share: Sequence[int], barrier: Barrier
) -> Iterator[tuple[int, float, float]]:
    """Which pair, its score and the seconds that it took, for each of a client's pairs; NaN if it was lost."""
    from gradio_client import Client, handle_file

    client = Client(address, verbose=False, analytics_enabled=False)
    for place, index in enumerate(share):
        reference, distorted = files[index]
        start = time.perf_counter()
        try:
            answer = client.predict(handle_file(reference), handle_file(distorted), api_name="/compare")
            value = _data(answer).get("score", math.nan)
        except Exception:  # noqa: BLE001 - whatever a client meets, its pair is lost, and that is counted
            value = math.nan
        yield index, value, time.perf_counter() - start
        if place == 0:
            barrier.wait()


def _data(answer: Any) -> dict[str, Any]:
    return dict(answer if isinstance(answer, dict) else answer[0])


@contextmanager
def served(folder: Path, device: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The page, served by a process of its own: its address and the process.

    Raises:
        DeepMSEError: if the process ends before the page is there
    """
    port = free_port()
    code = "from deepmse.app.cli import main; main()"
    command = [sys.executable, "-c", code, "app", "--port", str(port), "--device", device]
    address = f"http://127.0.0.1:{port}/"
    log = folder / "server.log"
    environment = {**os.environ, "GRADIO_TEMP_DIR": str(folder / "uploads")}
    with log.open("w") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command
            command, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        while not _is_up(address):
            if process.poll() is not None:
                raise DeepMSEError(f"the page did not come up: {log.read_text()[-1000:]}")
            time.sleep(0.2)
        yield address, process
    finally:
        process.terminate()
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()


def _is_up(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}health", timeout=5).close()  # noqa: S310 - our own server
    except (urllib.error.URLError, OSError):
        return False
    return True
