"""Labels: what is none is left out and counted, what overshoots its scale a little is its end, in words."""

import numpy as np
import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.learning.labels import from_csv


def test_labels_that_are_no_finite_numbers_are_left_out_and_counted(tmp_path):
    path = tmp_path / "labels.csv"
    rows = ("a.png,1", "b.png,nan", "c.png,inf", "d.png,", "e.png,-", "f.png,n/a", "g.png,3")
    path.write_text("dist,mos\n" + "\n".join(rows) + "\n")
    labels = from_csv(path, "mos")
    assert [each.name for each in labels.paths] == ["a.png", "g.png"]
    assert labels.opinions.tolist() == [0, 100]
    assert labels.origin["unlabelled"] == 5


@pytest.mark.parametrize(("text", "message"), [("3,7", "decimal comma"), ("high", "not a number")])
def test_labels_that_are_something_else_are_told_by_line(tmp_path, text, message):
    path = tmp_path / "labels.csv"
    path.write_text(f'dist,mos\na.png,1\nb.png,"{text}"\n')
    with pytest.raises(UsageError, match=rf"labels\.csv, line 3: mos is '{text}', .*{message}"):
        from_csv(path, "mos")


def test_a_table_without_any_label_is_refused(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("dist,mos\na.png,nan\n")
    with pytest.raises(UsageError, match=r"labels\.csv: no image has a mos"):
        from_csv(path, "mos")


OVERSHOOTING = [(-2.6, 0.0), (0.0, 0.0), (40.0, 40.0), (111.8, 100.0)]


def test_labels_a_little_outside_the_scale_count_as_its_ends_and_that_is_said(tmp_path):
    """Realigned opinion scores overshoot their scale: LIVE's by an eighth."""
    path = tmp_path / "labels.csv"
    path.write_text("dist,mos\n" + "".join(f"{index}.png,{label}\n" for index, (label, _) in enumerate(OVERSHOOTING)))
    labels = from_csv(path, "mos", scale=(0, 100))
    assert labels.opinions.tolist() == [expected for _, expected in OVERSHOOTING]
    assert labels.left_out == ["2 labels lie outside the scale 0 to 100 and count as its ends"]
    turned = from_csv(path, "mos", scale=(0, 100), lower_is_better=True)
    assert turned.opinions.tolist() == [100 - expected for _, expected in OVERSHOOTING]


def test_a_label_far_outside_the_scale_is_named(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("dist,mos\na.png,3\nb.png,31\n")
    with pytest.raises(UsageError, match=r"labels\.csv: .*b\.png is labelled 31, far outside the scale 1 to 5"):
        from_csv(path, "mos", scale=(1, 5))
    with pytest.raises(UsageError, match="a scale from 5 to 1 has no extent"):
        from_csv(path, "mos", scale=(5, 1))


def test_some_of_the_images_keep_what_belongs_to_them(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("dist,mos,ref\na.png,1,x.png\nb.png,2,\nc.png,3,y.png\n")
    some = from_csv(path, "mos")[np.array([2, 1])]
    assert [each.name for each in some.paths] == ["c.png", "b.png"]
    assert (some.opinions.tolist(), some.references) == ([100, 50], (str(tmp_path / "y.png"), None))
