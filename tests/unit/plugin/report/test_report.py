"""Reports: one file, nothing from elsewhere, and what it says is what the table says."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.report import Scored, from_table, html_of
from deepmse.plugin.tables import Table
from PIL import Image
from scipy.stats import spearmanr

from ....conftest import photo_like

NAME = "<b>&'\"x"


@pytest.fixture
def table(tmp_path) -> Table:
    rows = []
    for number in range(12):
        Image.fromarray(photo_like(number, 64, 48)).save(tmp_path / f"{number}.png")
        row = {"dist": f"{number}.png", "nr": str(number * 7 % 12), "mos": str(number), "kind": NAME}
        rows.append({**row, "quality_issues": "dark; blurry" if number == 3 else "", "error": ""})
    rows.append({**rows[0], "dist": "gone.png", "nr": "", "error": "no such file"})
    return Table(tmp_path / "scores.csv", tuple(rows[0]), tuple(rows))


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def report(table, **settings):
    return from_table(table, [Scored("nr", "nr", False)], title=NAME, **{"resamples": 100, **settings})


def test_what_it_says_is_what_the_table_says(table):
    content = report(table, target="mos", by="kind", top=3)
    assert [shown.score for shown in content.worst] == [0, 1, 2]
    assert [shown.score for shown in content.best] == [11, 10, 9]
    assert content.worst[0].path.name == "0.png"
    assert content.distributions[0].missing == 1
    assert dict(content.issues) == {"dark": 1, "blurry": 1}
    assert content.failures == (("no such file", 1),)
    whole, group = content.agreement
    expected = spearmanr([number * 7 % 12 for number in range(12)], range(12)).statistic
    assert whole.srcc == pytest.approx(expected)
    assert group.group == NAME


def test_the_direction_of_a_metric_says_which_are_worst(table):
    content = from_table(table, [Scored("nr", "nr", True)], title="", top=2)
    assert [shown.score for shown in content.worst] == [11, 10]
    assert [shown.score for shown in content.best] == [0, 1]


def test_it_is_one_file_that_asks_for_nothing_and_runs_nothing(table):
    (table.root / "5.png").write_text("broken since")
    page = html_of(report(table, target="mos", by="kind", settings={"run": {"device": "<script>"}}))
    elements = Elements()
    elements.feed(page)
    tags = {tag for tag, _ in elements.found}
    assert tags.isdisjoint({"script", "link", "iframe", "object", "b'"})
    sources = [value for _, attrs in elements.found for name, value in attrs.items() if name in ("src", "href")]
    assert sources
    assert all(value.startswith("data:image/jpeg;base64,") for value in sources)
    assert not re.search(r"url\(|https?://", page)
    assert NAME not in page
    assert "&lt;script&gt;" in page
    assert "not an image" in page


def test_a_table_without_scores_or_columns_is_refused(table):
    with pytest.raises(UsageError, match="no column of scores"):
        from_table(table, [], title="")
    with pytest.raises(UsageError, match="no column 'dmos'"):
        report(table, target="dmos")


def test_a_few_images_without_a_score_still_make_a_report(tmp_path):
    row = {"dist": "a.png", "nr": "", "error": "gone"}
    content = report(Table(Path(tmp_path / "x.csv"), tuple(row), (row,)))
    assert content.worst == ()
    assert "gone" in html_of(content)


def test_the_command_writes_it(run, table, tmp_path):
    scores = tmp_path / "scores.csv"
    from deepmse.plugin.tables import write_table

    write_table(scores, table)
    out = tmp_path / "report.html"
    result = run("report", scores, "-o", out, "--target", "mos")
    assert result.status == 0, result.err
    assert "Agreement with mos" in out.read_text()
    assert run("report", scores, "-o", tmp_path / "report.txt").status == 2
