"""The engine on a small cluster of two nodes, of which a worker is killed on the way."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil
import pytest
from deepmse.plugin.engine.engines import make_engine
from deepmse.plugin.engine.ray import examine
from deepmse.plugin.engine.records import Item

ray = pytest.importorskip("ray")
from ray.cluster_utils import Cluster  # noqa: E402

pytestmark = pytest.mark.integration

T = TypeVar("T")

ROWS = 96
TRIES = 4
NODE = {"num_cpus": 1, "object_store_memory": 100 << 20, "include_dashboard": False}


def started(start: Callable[..., T], **settings: object) -> T:
    """What Ray starts, tried again where a busy machine took longer than Ray's own half a minute."""
    before = set(family())
    for _ in range(TRIES - 1):
        try:
            return start(**settings)
        except Exception as error:
            if "timed out during startup" not in str(error):
                raise
            for each in set(family()) - before:
                each.kill()
    return start(**settings)


def family() -> list[psutil.Process]:
    """The processes that this one has started, and those that they have."""
    return psutil.Process(os.getpid()).children(recursive=True)


@pytest.fixture
def cluster():
    made = started(Cluster, initialize_head=True, head_node_args=NODE)
    started(made.add_node, num_cpus=1, object_store_memory=100 << 20)
    yield made
    made.shutdown()


def workers() -> list[psutil.Process]:
    """Processes of the cluster's workers, which are this one's descendants."""
    return [each for each in family() if each.is_running() and "MapWorker" in " ".join(each.cmdline())]


def test_a_killed_worker_loses_and_doubles_nothing(cluster, made_pairs, capfd):
    items = [Item(f"row {row}", pair.dist, pair.ref) for row in range(ROWS) for pair in [made_pairs[row % 6]]]
    items[7] = Item("row 7", Path("none.png"), items[7].ref)
    where = {"address": cluster.address, "workers": 2}
    scores = make_engine(["psnr", "piqe"], "ray", where, device="cpu").run(items)
    found = [next(scores)]
    workers()[0].kill()
    found += scores
    assert found == list(make_engine(["psnr", "piqe"], device="cpu").run(items))
    assert Counter(score.error for score in found) == {"": ROWS - 1, "none.png: no such file": 1}
    assert capfd.readouterr().out == ""  # It is for scores, whatever Ray has to tell.
    assert examine(cluster.address).nodes == 2
