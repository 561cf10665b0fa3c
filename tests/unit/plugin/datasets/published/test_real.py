"""Real data through the loaders."""

import csv

from deepmse.plugin.datasets import load


def test_biq2021_train2000(test_data):
    root = test_data / "data" / "biq2021_train2000"
    dataset = load("biq2021_train2000", root)
    with (root / "mos.csv").open(newline="") as file:
        expected = [(row["image"], float(row["mos"])) for row in csv.DictReader(file)]
    assert [(record.dist.name, record.target) for record in dataset.records] == expected
    assert len(dataset.records) == 2000
    assert (min(mos for _, mos in expected), max(mos for _, mos in expected)) == (0.0278, 0.9592)
    assert {record.ref for record in dataset.records} == {None}
    assert {record.split for record in dataset.records} == {"training"}
    assert dataset.missing == ()
    assert dataset.renamed == {}


def test_kodak24(test_data):
    dataset = load("folder", test_data / "data" / "kodak24")
    assert dataset.name == "kodak24"
    assert [record.dist.name for record in dataset.records] == [f"{number:02}.png" for number in range(1, 25)]
    assert {(record.ref, record.target, record.distortion) for record in dataset.records} == {(None, None, None)}
