"""``deepmse score`` killed at random moments and resumed; ``tests/kill_and_resume.py`` does it as often as wanted."""

from ..kill_and_resume import differences


def test_no_row_is_lost_doubled_or_different(made_pairs, tmp_path):
    table = tmp_path / "pairs.csv"
    lines = [f"{pair.dist.name},{pair.ref.name}\n" for pair in made_pairs] * 300
    table.write_text("dist,ref\n" + "".join([*lines, "none.png,ref0.png\n"]))
    times, wrong = differences(table, "psnr", 3, tmp_path)
    assert (times, wrong) == (3, [])
