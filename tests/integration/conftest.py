"""A FiftyOne of the tests' own: database, home, media and, as its only plugin, this repository."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from ..own_fiftyone import REPOSITORY, use_own_fiftyone

HOME = Path(tempfile.mkdtemp(prefix="deepmse-tests-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
use_own_fiftyone(HOME)

import fiftyone as fo  # noqa: E402
from deepmse.plugin.datasets import QualityDataset, Record, load, make_demo  # noqa: E402
from deepmse.plugin.store import import_dataset  # noqa: E402

_numbers = count(1)


@pytest.fixture(scope="session")
def quality(tmp_path_factory: pytest.TempPathFactory) -> QualityDataset:
    """Real pairs with DMOS where they are at hand, else photographs distorted at five levels."""
    data = Path(os.environ.get("DEEPMSE_TEST_DATA", REPOSITORY.parent / "shared")) / "data" / "live_subset"
    return load("live_subset", data) if data.is_dir() else make_demo(tmp_path_factory.mktemp("photos"))


@pytest.fixture
def new_dataset() -> Iterator[Callable[[QualityDataset], fo.Dataset]]:
    """Makes FiftyOne datasets that go when the test ends."""
    made = []

    def make(table: QualityDataset) -> fo.Dataset:
        made.append(import_dataset(table, f"deepmse-test-{os.getpid()}-{next(_numbers)}"))
        return made[-1]

    yield make
    for dataset in made:
        dataset.delete()


@pytest.fixture
def table(made_pairs) -> QualityDataset:
    """Six small pairs of two references; the target rises with the noise."""
    records = tuple(
        Record(pair.dist, pair.ref, "white noise", index % 3 + 1, float(index % 3), 0.5)
        for index, pair in enumerate(made_pairs)
    )
    return QualityDataset(
        name="made",
        records=records,
        target_field="dmos",
        target_lower_is_better=True,
        target_range=(0, 2),
        target_kind="DMOS",
        source="nobody",
        notes=("made up",),
    )


@pytest.fixture
def dataset(table: QualityDataset, new_dataset: Callable[[QualityDataset], fo.Dataset]) -> fo.Dataset:
    """The six small pairs in FiftyOne, without scores."""
    return new_dataset(table)
