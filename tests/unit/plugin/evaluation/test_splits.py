"""Splits: by reference, the whole set once, the same for the same seed, in whatever order the images come."""

from pathlib import Path

import numpy as np
import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.evaluation.splits import check_no_leakage, hold_out, k_fold, official
from hypothesis import assume, given
from hypothesis import strategies as st

SHARES = {"training": 0.6, "validation": 0.2, "test": 0.2}

groups_of_images = st.lists(st.sampled_from([*"abcdefghij", None]), min_size=1, max_size=60)
seeds = st.integers(0, 2**32 - 1)


def n_groups(groups):
    return len({group for group in groups if group is not None}) + groups.count(None)


def assert_partition(split, groups):
    """Each image in one part, each reference in one part."""
    assert sorted(index for part in split.values() for index in part) == list(range(len(groups)))
    parts = [{groups[index] for index in part} - {None} for part in split.values()]
    assert sum(map(len, parts)) == len(set().union(*parts))


@given(groups_of_images, seeds)
def test_hold_out_splits_by_reference(groups, seed):
    assume(n_groups(groups) >= 3)
    split = hold_out(groups, SHARES, seed=seed)
    assert list(split) == list(SHARES)
    assert all(len(part) for part in split.values())
    assert_partition(split, groups)
    check_no_leakage(split, groups)


@given(groups_of_images, st.integers(2, 6), seeds)
def test_k_fold_splits_by_reference(groups, k, seed):
    assume(n_groups(groups) >= k)
    folds = k_fold(groups, k, seed=seed)
    assert len(folds) == k
    for fold in folds:
        assert_partition(fold, groups)
        check_no_leakage(fold, groups)
    assert_partition({str(number): fold["test"] for number, fold in enumerate(folds)}, groups)
    sizes = [n_groups([groups[index] for index in fold["test"]]) for fold in folds]
    assert max(sizes) - min(sizes) <= 1


@given(st.lists(st.sampled_from("abcdefgh"), min_size=3, max_size=40), seeds, st.randoms(use_true_random=False))
def test_the_order_of_images_does_not_matter(groups, seed, random):
    assume(n_groups(groups) >= 3)
    order = list(range(len(groups)))
    random.shuffle(order)
    shuffled = [groups[index] for index in order]
    for split, other in (
        (hold_out(groups, SHARES, seed=seed), hold_out(shuffled, SHARES, seed=seed)),
        *zip(k_fold(groups, 3, seed=seed), k_fold(shuffled, 3, seed=seed), strict=True),
    ):
        for name, part in split.items():
            assert {groups[index] for index in part} == {shuffled[index] for index in other[name]}


@given(groups_of_images, seeds)
def test_the_same_seed_gives_the_same_split(groups, seed):
    assume(n_groups(groups) >= 3)
    first, second = (hold_out(groups, SHARES, seed=seed) for _ in range(2))
    assert {name: part.tolist() for name, part in first.items()} == {
        name: part.tolist() for name, part in second.items()
    }


def test_another_seed_gives_another_split():
    groups = [Path(f"ref/{number}.png") for number in range(81) for _ in range(125)]
    assert hold_out(groups, SHARES, seed=1)["test"].tolist() != hold_out(groups, SHARES, seed=2)["test"].tolist()
    assert k_fold(groups, seed=1)[0]["test"].tolist() != k_fold(groups, seed=2)[0]["test"].tolist()


@pytest.mark.parametrize(
    ("n", "shares", "sizes"),
    [
        (81, SHARES, (49, 16, 16)),
        (25, {"training": 0.8, "test": 0.2}, (20, 5)),
        (10, {"training": 0.7, "test": 0.3}, (7, 3)),
        (3, {"training": 0.98, "validation": 0.01, "test": 0.01}, (1, 1, 1)),
        (4, {"training": 0.01, "validation": 0.98, "test": 0.01}, (1, 2, 1)),
    ],
)
def test_shares_are_of_references(n, shares, sizes):
    groups = [f"I{number}" for number in range(n) for _ in range(1 + number % 3)]
    split = hold_out(groups, shares)
    assert tuple(len({groups[index] for index in part}) for part in split.values()) == sizes


def test_images_without_a_reference_are_split_one_by_one():
    split = hold_out([None] * 10, {"training": 0.8, "test": 0.2})
    assert [len(part) for part in split.values()] == [8, 2]


@pytest.mark.parametrize(
    "shares", [{}, {"a": 0.5}, {"a": 0.5, "b": 0.6}, {"a": 1.0, "b": 0.0}, {"a": 1.5, "b": -0.5}, {"a": float("nan")}]
)
def test_shares_that_are_no_shares(shares):
    with pytest.raises(UsageError, match="shares must be positive and sum to 1"):
        hold_out("abcdef", shares)


def test_too_few_references():
    with pytest.raises(UsageError, match="2 references cannot be split into 3 parts"):
        hold_out("aabbab", SHARES)
    with pytest.raises(UsageError, match="2 references cannot be split into 5 folds"):
        k_fold("aabbab", 5)


@pytest.mark.parametrize("k", [-1, 0, 1])
def test_too_few_folds(k):
    with pytest.raises(UsageError, match=f"6 references cannot be split into {k} folds"):
        k_fold("abcdef", k)


def test_official_split():
    split = official(["training", "test", "training", "validation"])
    assert {name: part.tolist() for name, part in split.items()} == {
        "training": [0, 2],
        "test": [1],
        "validation": [3],
    }


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["training", None], "1 of 2 images are in no part"),
        (["training", "training"], "no official split: 1 part"),
        ([], "no official split: 0 part"),
    ],
)
def test_no_official_split(labels, message):
    with pytest.raises(UsageError, match=message):
        official(labels)


def test_a_split_by_image_is_refused():
    groups = ["I01"] * 5 + ["I02"] * 5
    with pytest.raises(UsageError, match="the reference I02 is in both training and test: split by reference"):
        check_no_leakage({"training": range(8), "test": [8, 9]}, groups)


def test_an_image_in_two_parts_is_refused():
    with pytest.raises(UsageError, match="image 1 is in both training and test"):
        check_no_leakage({"training": [0, 1], "test": np.array([1, 2])}, [None, None, None])


def test_empty_parts_leak_nothing():
    check_no_leakage({"training": [0, 1], "test": []}, ["a", "b"])


@given(groups_of_images, seeds, st.data())
def test_moving_one_image_of_several_leaks(groups, seed, data):
    assume(n_groups(groups) >= 2)
    split = hold_out(groups, {"training": 0.5, "test": 0.5}, seed=seed)
    several = [i for i in split["training"] if groups[i] is not None and groups.count(groups[i]) > 1]
    assume(several)
    moved = data.draw(st.sampled_from(several))
    leaky = {
        "training": [i for i in split["training"] if i != moved],
        "test": [*split["test"], moved],
    }
    with pytest.raises(UsageError, match=f"the reference {groups[moved]} is in both"):
        check_no_leakage(leaky, groups)
