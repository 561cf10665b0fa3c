"""Labels from tables: what is none is left out and counted."""

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
    with pytest.raises(UsageError, match=r"labels\.csv: no row has a mos"):
        from_csv(path, "mos")
