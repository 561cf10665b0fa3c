"""Labels: who belongs together, and in what order."""

import math

import numpy as np
import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.evaluation.labels import cluster_numbers, natural_order, number_groups
from deepmse.plugin.evaluation.splits import k_fold


def test_items_of_one_label_have_one_number_and_those_without_are_alone():
    numbers, n = number_groups(["b", "a", None, "b", "", math.nan, "a"])
    assert n == 5
    assert (numbers[0], numbers[1]) == (numbers[3], numbers[6])
    assert len(set(numbers)) == 5


def test_numbers_follow_the_labels_and_not_the_items():
    assert list(number_groups(["c", "a", "b", "a"])[0]) == [2, 0, 1, 0]


def test_without_labels_each_item_is_its_own_cluster():
    assert list(cluster_numbers(None, 3)) == [0, 1, 2]
    with pytest.raises(UsageError, match="2 cluster labels for 3 targets"):
        cluster_numbers(["a", "b"], 3)


def test_items_without_a_reference_are_split_one_by_one():
    folds = k_fold(["", "a", "a", ""], k=3)
    assert sorted(len(fold["test"]) for fold in folds) == [1, 1, 2]
    assert np.array_equal(sorted(np.concatenate([fold["test"] for fold in folds])), range(4))


def test_digits_count_by_value_and_case_does_not():
    assert sorted(["type 10", "Type 9", "b2", "type 1"], key=natural_order) == ["b2", "type 1", "Type 9", "type 10"]
