"""Tables of the three-branch paper: what is counted, and that published numbers stay apart from measured ones."""

import pytest
from deepmse.plugin import reproduction
from deepmse.plugin.learning.three_branch.model import Architecture
from deepmse.plugin.reproduction import Context
from deepmse.plugin.reproduction.three_branch.arithmetic import arithmetic
from deepmse.plugin.reproduction.three_branch.tables import TABLE_1, TABLE_2, TABLE_3


def test_vgg16s_arithmetic_is_that_of_its_layers():
    """Convolutions up to conv4_3, by hand, of five passes: two images in two branches and one in the third."""
    channels = [(3, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 2), (128, 256, 4), (256, 256, 4), (256, 256, 4)]
    channels += [(256, 512, 8), (512, 512, 8), (512, 512, 8)]
    passes = sum(9 * given * made * (256 // step) ** 2 for given, made, step in channels)
    encoder = sum((9 * given + 1) * made for given, made, _ in channels)
    width = 3 * (64 + 128 + 256 + 512)
    products = width * 256 + 256 * 64 + 64
    found = arithmetic(Architecture("vgg16", "vgg16", "vgg16"))
    assert found.multiply_adds == 5 * passes + products
    assert found.parameters == 3 * encoder + products + 256 + 64 + 1
    assert found.trained == found.parameters - encoder
    assert found.features == width


@pytest.mark.parametrize(("name", "table"), [("three-branch-1", TABLE_1), ("three-branch-2", TABLE_2)])
def test_without_data_nothing_is_measured(name, table, tmp_path):
    outcome = reproduction.reproduce(name, Context(tmp_path))
    assert len(outcome.entries) == 4 * len(table)
    assert {entry.measured for entry in outcome.entries} == {None}
    assert sum("is not at hand" in text for text in outcome.lacking) == 2


def test_the_papers_final_model_is_the_one_of_inception():
    assert TABLE_1["three branches"] == TABLE_3["inception-v3"]
    assert TABLE_2["frp-frnp-nr"] == TABLE_3["vgg16"]
