"""References by the names of files."""

from pathlib import Path, PurePath

import pytest
from deepmse.plugin.engine.pairing import pair
from deepmse.plugin.errors import UsageError
from hypothesis import given
from hypothesis import strategies as st

FOLDER = Path("refs")


@pytest.mark.parametrize(
    ("name", "references", "expected"),
    [
        ("a.png", ["a.bmp", "b.bmp"], "a.bmp"),
        ("i01_17_5.bmp", ["I01.BMP", "I02.BMP"], "I01.BMP"),
        ("street_2_blur.png", ["street.png", "street_2.png"], "street_2.png"),
        ("night/1.png", ["day/1.png", "night/1.png"], "night/1.png"),
        ("night/1_jpeg.png", ["1.png"], "1.png"),
        ("sea-3.png", ["sea.png"], "sea.png"),
        ("sea 3.png", ["sea.png"], "sea.png"),
        ("seaside.png", ["sea.png"], None),
        ("sea.png", ["sea_3.png"], None),
        ("sea.png", [], None),
    ],
)
def test_the_rule(name, references, expected):
    found = pair([PurePath(name)], [FOLDER / reference for reference in references], FOLDER)
    assert found == [None if expected is None else FOLDER / expected]


def test_two_that_fit_equally_well_are_named_where_an_image_needs_one():
    references = [FOLDER / "a.png", FOLDER / "a.jpg", FOLDER / "b.png"]
    with pytest.raises(UsageError, match=r"x/a_1\.png: refs/a\.png and refs/a\.jpg fit it equally well"):
        pair([PurePath("x/a_1.png")], references, FOLDER)
    assert pair([PurePath("b_1.png")], references, FOLDER) == [FOLDER / "b.png"]


stems = st.text(st.sampled_from("ab1"), min_size=1, max_size=4)


@given(st.sets(stems, min_size=1), st.lists(stems, max_size=2), st.sampled_from("_-. "))
def test_an_image_named_after_one_reference_and_suffixes_finds_it(references, ends, separator):
    files = [FOLDER / f"{stem}.png" for stem in sorted(references)]
    names = [PurePath(separator.join([file.stem, *ends]) + ".jpg") for file in files]
    assert pair(names, files, FOLDER) == files
