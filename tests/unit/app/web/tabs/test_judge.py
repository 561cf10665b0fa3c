import json
import math
import re
from pathlib import Path

import pytest
import torch
from deepmse.app.web.tabs.judge import Judgement
from deepmse.app.web.uploads import Upload
from deepmse.plugin.engine import scorer as scoring
from deepmse.plugin.images import NATIVE, RESIZE_256
from deepmse.plugin.metrics import metric_info
from deepmse.plugin.metrics.base import Assessment, NoReferenceMetric
from deepmse.plugin.metrics.causes import Cause
from gradio.utils import get_upload_folder
from PIL import Image

from ..pictures import assert_no_number, shown_rows, shown_score, upload


class Brightness(NoReferenceMetric):
    """Mean level in percent; knows its uncertainty, its training images and words."""

    info = metric_info("nr")
    policy = RESIZE_256
    deviation: float | None = 10.0
    percentile: float | None = 63.4
    domain = "in"
    causes: tuple[Cause, ...] = ()

    def assess(self, images):
        scores = images.double().mean((1, 2, 3)) / 2.55
        each = [
            None if value is None else torch.full_like(scores, value) for value in (self.deviation, self.percentile)
        ]
        return Assessment(scores, *each, domains=[self.domain] * len(scores), causes=[self.causes] * len(scores))

    def grade(self, score):
        return "bright" if score > 50 else "dark"

    def describe(self):
        return {"weights": {"name": "a lamp", "sha256": "0" * 64, "warning": None}}


@pytest.fixture
def lamp(monkeypatch) -> Brightness:
    """Judge by brightness."""
    metric = Brightness()
    create = scoring.create
    monkeypatch.setattr(scoring, "create", lambda name, **more: metric if name == "nr" else create(name, **more))
    return metric


@pytest.fixture
def judge(lamp) -> Judgement:
    return Judgement(get_upload_folder, device="cpu")


def grey(path: Path, percent: float) -> Upload:
    Image.new("RGB", (80, 60), (round(percent * 2.55),) * 3).save(path)
    return upload(path)


def test_judgement_is_a_score_a_word_a_rank_and_an_interval(judge, tmp_path):
    data, html = judge(grey(tmp_path / "grey.png", 60))
    assert data["score"] == pytest.approx(60)
    assert data["interval"] == pytest.approx((60 - 19.6, 60 + 19.6))
    assert data["grade"] == "bright"
    assert data["percentile"] == pytest.approx(63.4)
    assert shown_score(html) == "60"
    assert ">Bright<" in html
    assert "between 40 and 80" in html
    assert "Better than 63 %" in html
    assert "of the 10,000 photographs" in html
    assert data["domain"] == "in"
    assert "learned from:" not in html
    assert "a lamp" in html
    assert "256×256" in html
    [(left, right)] = re.findall(r"left: ([\d.]+)%; right: calc\(100% - ([\d.]+)%\)", html)
    assert (float(left), float(right)) == pytest.approx((40.4, 79.6))
    json.dumps(data, allow_nan=False)


@pytest.mark.parametrize(("percent", "interval"), [(0, (0, 19.6)), (100, (80.4, 100))])
def test_interval_ends_where_the_scale_does(judge, tmp_path, percent, interval):
    data, _ = judge(grey(tmp_path / "grey.png", percent))
    assert data["interval"] == pytest.approx(interval, abs=1e-6)


def test_judgement_without_interval_or_rank_shows_none(judge, lamp, tmp_path, monkeypatch):
    monkeypatch.setattr(lamp, "deviation", None)
    monkeypatch.setattr(lamp, "percentile", None)
    data, html = judge(grey(tmp_path / "grey.png", 60))
    assert data["interval"] is None
    assert "dm-scale" in html
    assert data["percentile"] is None
    assert "probability" not in html
    assert "photographs" not in html


@pytest.mark.parametrize(
    ("causes", "words"),
    [
        ([("JPEG compression", 0.83), ("lens blur", 0.17)], "Likely cause: JPEG compression, 83 %"),
        ([("none", 0.45), ("<b>", 0.4), ("jitter", 0.15)], "Likely cause: no distortion, 45 %, or &lt;b&gt;, 40 %"),
        ([], None),
    ],
)
def test_the_likely_cause_is_told(judge, lamp, tmp_path, monkeypatch, causes, words):
    monkeypatch.setattr(lamp, "causes", tuple(Cause(*each) for each in causes))
    data, html = judge(grey(tmp_path / "grey.png", 60))
    assert data["causes"] == [{"name": name, "probability": value} for name, value in causes]
    found = re.search('<p data-testid="cause">(.*?)</p>', html)
    assert (found and re.sub("</?strong>", "", found[1])) == words


@pytest.mark.parametrize(("domain", "words"), [("near", "trust the score less"), ("out", "may mean little")])
def test_a_picture_of_another_kind_is_said_to_be_one(judge, lamp, tmp_path, monkeypatch, domain, words):
    monkeypatch.setattr(lamp, "domain", domain)
    data, html = judge(grey(tmp_path / "grey.png", 60))
    assert data["domain"] == domain
    assert words in html


@pytest.mark.parametrize(
    ("percentile", "words"), [(0.0, "Hardly any"), (50.0, "Better than 50 %"), (100.0, "nearly all")]
)
def test_rank_among_training_images_in_words(judge, lamp, tmp_path, monkeypatch, percentile, words):
    monkeypatch.setattr(lamp, "percentile", percentile)
    assert words in judge(grey(tmp_path / "grey.png", 60))[1]


def test_judging_with_another_metric_gives_the_engines_score(judge, reference):
    [expected] = scoring.Scorer(["piqe"], device="cpu").run([scoring.Item(0, dist=reference)])
    data, html = judge(upload(reference), ["piqe"])
    assert data["metrics"]["piqe"]["score"] == expected.measurements["piqe"].value
    assert math.isclose(float(shown_rows(html)["PIQE"][0]), expected.measurements["piqe"].value, rel_tol=1e-3)


def test_judging_nothing_or_what_is_no_image_is_a_message(judge, tmp_path):
    assert_no_number(*judge(None), "no picture")
    path = tmp_path / "0123abcd.png"
    path.write_text("no image")
    assert_no_number(*judge(upload(path, "letter.png")), "Picture", "letter.png")
    assert_no_number(*judge(grey(tmp_path / "grey.png", 60), ["psnr"]), "Choose other metrics")


class AsItIs(Brightness):
    policy = NATIVE


def test_the_map_is_of_windows_and_says_so(tmp_path):
    path = tmp_path / "halves.png"
    halves = Image.new("RGB", (672, 224))
    halves.paste((255, 255, 255), (336, 0, 672, 224))
    halves.save(path)
    judge = Judgement(get_upload_folder, device="cpu")
    judge.metrics.main = AsItIs()
    html = " ".join(judge.map(upload(path)).split())
    assert "Scores of 5 overlapping windows of 224 × 224 pixels, 112 apart" in html
    assert "0 to 100" in html
    assert html.count("<img") == 2
    assert judge.map(None) == ""
