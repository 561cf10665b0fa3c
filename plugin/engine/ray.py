"""The engine on a Ray cluster: paths travel, and every worker decodes and scores by an engine of its own."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import pyarrow
import ray
import torch
from ray._private import worker
from ray._private.utils import read_ray_address
from ray.exceptions import RayError

from ..errors import DeepMSEError, UsageError
from ..images import is_remote
from ..metrics.precision import dtype_of, name_of
from ..process import KEEPING_FREED_MEMORY
from .records import Item, Score
from .scorer import Scorer

T = TypeVar("T")

SECTION: Final = 100_000
"""Rows that are handed to Ray at a time."""
WINDOW: Final = 1024
"""Rows among which those of one reference come together: as many, at most, wait for one that is late."""
BLOCK: Final = 128
"""Rows that a worker takes at a time, at most."""
CPUS: Final = 0.5
"""What a worker asks for of a processor: half, so that where a node is lost the others have room for its workers."""
OBJECT_STORE_BYTES: Final = 512 << 20
"""Memory for what travels, of a cluster that is started here."""

_ANSWER_S: Final = 10

#: What decides on the nodes where weights are found.
_ENVIRONMENT: Final = ("DEEPMSE_WEIGHTS", "HF_HUB_OFFLINE", "TORCH_HOME")


class RayScorer:
    """Scores images as :class:`~.scorer.Scorer` does, on a Ray cluster; its scores are the same.

    Rows that share a reference go to a worker together. A worker or node that dies loses nothing: Ray gives its rows
    to others, and that each row comes back once is checked. Nothing but paths and scores travels: every node must
    find the files, and this package installed, where this one does.

    Args:
        metrics: metric names
        address: of a cluster, ``auto`` for the one of this machine; None for that of ``RAY_ADDRESS``, or else
            one that starts here, for as long as it is needed
        workers: how many; by default one a processor, or as many as the cluster's GPUs allow
        gpus_per_worker: share of a GPU that each takes; 0 for none
        settings: see :class:`~.scorer.Scorer`

    Raises:
        UsageError: if a setting is wrong, or there is no such cluster
        WeightsError: if a metric's weights are not found
    """

    def __init__(
        self,
        metrics: Sequence[str] = ("deepmse",),
        *,
        address: str | None = None,
        workers: int | None = None,
        gpus_per_worker: float = 0,
        device: str = "auto",
        **settings: Any,
    ) -> None:
        if workers is not None and workers < 1:
            raise UsageError(f"there must be at least one worker, not {workers}")
        if gpus_per_worker < 0:
            raise UsageError(f"a worker's share of GPUs cannot be {gpus_per_worker}")
        # It checks the settings and describes the scores; the workers' own compute.
        self._scorer = Scorer(metrics, device="cpu", **settings)
        self.metrics = self._scorer.metrics
        self._address, self._workers, self._gpus = address, workers, gpus_per_worker
        self._settings = {
            "metrics": [_whole(name) if Path(name).is_file() else name for name in metrics],
            "device": "cpu" if device == "auto" and not gpus_per_worker else device,
            **settings,
        }
        if settings.get("precision"):
            # On all nodes the same, whatever each of them has.
            self._settings["precision"] = name_of(dtype_of(settings["precision"], torch.device("cpu")))

    def describe(self) -> dict[str, Any]:
        """Everything that decides the scores, for run records; JSON-able."""
        engine = {"name": "ray", "version": ray.__version__, "workers": self._workers, "gpus": self._gpus}
        return {**self._scorer.describe(), "device": self._settings["device"], "engine": engine}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user must know before trusting the scores."""
        return self._scorer.warnings

    def run(self, items: Iterable[Item]) -> Iterator[Score]:
        """Score items, in order.

        Raises:
            UsageError: if there is no such cluster, or it has not the GPUs
            DeepMSEError: if a worker cannot start, or the cluster fails
        """
        stream = iter(items)
        first = list(islice(stream, 1))
        if not first:
            return
        with _connected(self._address, self._workers):
            workers = self._workers or _places(self._gpus)
            section = first + list(islice(stream, SECTION - 1))
            while section:
                yield from self._score(section, workers)
                section = list(islice(stream, SECTION))

    def _score(self, items: Sequence[Item], workers: int) -> Iterator[Score]:
        with _quiet():
            rows = ray.data.from_arrow(list(map(_table, blocks(items, workers)))).map_batches(
                # By its installed name, for workers do not know the one that FiftyOne gives to a plugin's modules.
                import_module("deepmse.plugin.engine.ray").Worker,
                fn_constructor_args=(self._settings, {key: os.environ.get(key) for key in _ENVIRONMENT}),
                batch_size=None,
                batch_format="numpy",
                num_cpus=CPUS,
                num_gpus=self._gpus or None,
                # A worker has a dozen threads before it is ours, and their arenas would keep a gigabyte.
                runtime_env={"env_vars": KEEPING_FREED_MEMORY},
                compute=ray.data.ActorPoolStrategy(size=workers),
            )
        found = (
            pair
            for block in rows.iter_batches(batch_size=None, batch_format="numpy")
            for pair in zip(block["place"].tolist(), block["score"], strict=True)
        )
        try:
            for item, score in zip(items, in_order(found, len(items)), strict=True):
                yield _of(item, score)
        except RayError as error:
            raise DeepMSEError(f"the Ray cluster failed: {error}") from error


class Worker:
    """What a Ray actor runs: an engine on one processor, or a share of a GPU.

    Args:
        settings: see :class:`~.scorer.Scorer`
        environment: variables that decide where weights are found; None leaves one as the node has it
    """

    def __init__(self, settings: Mapping[str, Any], environment: Mapping[str, str | None]) -> None:
        os.environ.update({key: value for key, value in environment.items() if value is not None})
        torch.set_num_threads(1)
        self._scorer = Scorer(**settings)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """A row out a row in: its place and its score."""
        places = batch["place"].tolist()
        triples = zip(places, batch["dist"].tolist(), batch["ref"].tolist(), strict=True)
        scores = np.empty(len(places), object)
        for place, score in enumerate(self._scorer.run(Item(*triple) for triple in triples)):
            scores[place] = score
        return {"place": batch["place"], "score": scores}


@dataclass(frozen=True)
class Cluster:
    """What a Ray cluster has: nodes, processors, GPUs, and bytes of memory for what travels."""

    nodes: int
    cpus: float
    gpus: float
    object_store: float


def examine(address: str = "auto") -> Cluster | None:
    """The cluster at an address; None where there is none."""
    try:
        with _connected(address, None):
            found = ray.cluster_resources()
            alive = sum(node["Alive"] for node in ray.nodes())
    except UsageError:
        return None
    return Cluster(alive, found.get("CPU", 0), found.get("GPU", 0), found.get("object_store_memory", 0))


def blocks(items: Sequence[Item], workers: int) -> Iterator[list[tuple[int, Item]]]:
    """Items with their places, in blocks for workers; in each window those of one reference come together."""
    size = max(1, min(BLOCK, len(items) // (4 * workers)))
    for start in range(0, len(items), WINDOW):
        groups: dict[Any, list[tuple[int, Item]]] = {}
        for place, item in enumerate(items[start : start + WINDOW], start):
            groups.setdefault(item.ref, []).append((place, item))
        window = iter([pair for group in groups.values() for pair in group])
        yield from iter(lambda window=window: list(islice(window, size)), [])  # type: ignore[misc]


def in_order(found: Iterable[tuple[int, T]], total: int) -> Iterator[T]:
    """What was found for each place, in order.

    Raises:
        DeepMSEError: if a place comes twice or not at all
    """
    waiting: dict[int, T] = {}
    wanted = 0
    for place, value in found:
        if place < wanted or place in waiting:
            raise DeepMSEError(f"Ray gave row {place + 1} twice; go on with --resume")
        waiting[place] = value
        while wanted in waiting:
            yield waiting.pop(wanted)
            wanted += 1
    if wanted != total:
        raise DeepMSEError(f"Ray lost row {wanted + 1}; go on with --resume")


def _table(block: list[tuple[int, Item]]) -> pyarrow.Table:
    columns = {
        "place": [place for place, _ in block],
        "dist": [_whole(item.dist) for _, item in block],
        "ref": [None if item.ref is None else _whole(item.ref) for _, item in block],
    }
    schema = {"place": pyarrow.int64(), "dist": pyarrow.string(), "ref": pyarrow.string()}
    return pyarrow.table(columns, pyarrow.schema(schema))


def _whole(path: str | Path) -> str:
    """A path that means the same whatever folder a worker is in."""
    return str(path) if is_remote(path) or path == "" else str(Path(path).absolute())


def _of(item: Item, score: Score) -> Score:
    """A worker's score as that of the item, in whose errors files are called as the caller calls them."""
    errors = score.errors
    for path in (item.dist, item.ref):
        if path:
            errors = {name: text.replace(_whole(path), str(path)) for name, text in errors.items()}
    return replace(score, item=item, errors=errors)


def _places(gpus_per_worker: float) -> int:
    """How many workers the cluster has room for."""
    found = ray.cluster_resources()
    room = int(found.get("CPU", 0))
    if gpus_per_worker:
        room = min(room, int(found.get("GPU", 0) / gpus_per_worker))
    if room < 1:
        raise UsageError(f"the cluster has no room for a worker: it has {found.get('GPU', 0):g} GPUs")
    return room


@contextmanager
def _connected(address: str | None, workers: int | None) -> Iterator[None]:
    """A connection to a cluster; one that this process has is taken, and stays."""
    if ray.is_initialized():
        yield
        return
    address = address or os.environ.get("RAY_ADDRESS")
    if address and not _answers(address):
        raise UsageError(f"no Ray cluster at {address}: nothing answers there")
    own: dict[str, Any] = {"num_cpus": workers, "object_store_memory": OBJECT_STORE_BYTES, "include_dashboard": False}
    try:
        ray.init(address or "local", logging_level=logging.ERROR, log_to_driver=False, **({} if address else own))
    except (ConnectionError, ValueError) as error:
        raise UsageError(f"no Ray cluster at {address}: {error}") from error
    except Exception as error:
        # Ray's own, of no class of their own, where a busy machine does not start it in time.
        raise DeepMSEError(f"Ray did not start: {error}") from error
    try:
        with _telling_on_stderr():
            yield
    finally:
        ray.shutdown()


@contextmanager
def _telling_on_stderr() -> Iterator[None]:
    """Let Ray tell of lost workers on standard error: on standard output, its own choice, are the scores."""
    told = worker.print_to_stdstream
    worker.print_to_stdstream = lambda data, *args, **settings: told({**data, "is_err": True}, *args, **settings)
    try:
        yield
    finally:
        worker.print_to_stdstream = told


def _answers(address: str) -> bool:
    """Whether anything may answer at an address; of a cluster that was killed Ray itself would wait for minutes."""
    place = read_ray_address() if address == "auto" else address
    if not place or "://" in place:
        return True
    host, _, port = place.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=_ANSWER_S):
            return True
    except (OSError, ValueError):
        return False


@contextmanager
def _quiet() -> Iterator[None]:
    """Settings of Ray Data for what is made meanwhile: blocks in order, and no bars and reports of its own."""
    context = ray.data.DataContext.get_current().copy()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    for handler in logging.getLogger("ray.data").handlers:
        if handler.name == "console":
            handler.setLevel(logging.ERROR)
    with ray.data.DataContext.current(context):
        yield
