"""A delegated operator killed at random moments; ``tests/kill_operator.py`` does it as often as wanted."""

import pytest

from ..kill_operator import differences

pytestmark = pytest.mark.integration


def test_no_score_is_lost_or_different(made_pairs):
    pairs = [(pair.dist, pair.ref) for pair in made_pairs] * 700
    assert differences(pairs, "psnr", 2) == (2, [])
