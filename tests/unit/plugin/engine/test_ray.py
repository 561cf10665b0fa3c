"""What goes to the workers of a cluster, and how their answers come back in order."""

import random

import pytest
from deepmse.app.ports import free_port
from deepmse.plugin.engine import ray as engine
from deepmse.plugin.engine.engines import make_engine
from deepmse.plugin.engine.ray import BLOCK, WINDOW, blocks, in_order
from deepmse.plugin.engine.records import Item
from deepmse.plugin.errors import DeepMSEError, UsageError


@pytest.mark.parametrize(("number", "workers"), [(1, 4), (50, 2), (3 * WINDOW + 7, 2)])
def test_blocks_have_every_item_once_and_those_of_a_reference_together(number, workers):
    items = [Item(f"row {index}", f"{index}.png", f"{index % 7}.png") for index in range(number)]
    made = list(blocks(items, workers))
    assert sorted(place for block in made for place, _ in block) == list(range(number))
    assert all(items[place] is item for block in made for place, item in block)
    assert all(0 < len(block) <= BLOCK for block in made)
    # Each reference goes to as many workers as its rows fill blocks, and one more where a block ends among them.
    visits = sum(len({item.ref for _, item in block}) for block in made)
    windows = -(-number // WINDOW)
    assert visits <= 7 * windows + len(made)


def test_no_worker_waits_for_another_while_there_are_rows():
    assert len(list(blocks([Item(index, "a.png") for index in range(64)], 4))) >= 16


def test_answers_are_in_order_whatever_order_they_come_in():
    found = [(place, str(place)) for place in range(100)]
    random.Random(0).shuffle(found)
    assert list(in_order(found, 100)) == [str(place) for place in range(100)]


@pytest.mark.parametrize(
    ("places", "message"),
    [([0, 1, 1], "row 2 twice"), ([1, 1], "row 2 twice"), ([0, 2], "lost row 2"), ([], "row 1")],
)
def test_rows_that_are_doubled_or_lost_are_an_error(places, message):
    with pytest.raises(DeepMSEError, match=message):
        list(in_order(((place, place) for place in places), 3))


@pytest.mark.parametrize(
    ("engine", "cluster", "message"),
    [
        ("spark", {}, "no engine 'spark'; there are local, ray"),
        ("local", {"workers": 2}, "workers: of the engine ray alone"),
        ("ray", {"workers": 0}, "at least one worker"),
        ("ray", {"gpus_per_worker": -1}, "share of GPUs"),
    ],
)
def test_wrong_settings_are_told(engine, cluster, message):
    with pytest.raises(UsageError, match=message):
        make_engine(["psnr"], engine, cluster, device="cpu")


def test_a_cluster_that_is_gone_is_said_to_be(monkeypatch):
    gone = f"127.0.0.1:{free_port()}"
    monkeypatch.setattr(engine, "read_ray_address", lambda: gone)
    assert engine.examine() is None
    for address in ("auto", gone, "nowhere"):
        with pytest.raises(UsageError, match=f"no Ray cluster at {address}: nothing answers there"):
            next(iter(engine.RayScorer(["psnr"], address=address).run([Item(0, "a.png", "b.png")])))
