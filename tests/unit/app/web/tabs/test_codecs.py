import json
import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest
from deepmse.app.web.storage import sweep
from deepmse.app.web.tabs.base import Setup
from deepmse.app.web.tabs.codecs import answer as answering
from deepmse.app.web.tabs.codecs import chart as charting
from deepmse.app.web.tabs.codecs import tab
from deepmse.app.web.tabs.codecs.words import size as size_in_words
from gradio.utils import get_upload_folder
from PIL import Image

from ..pictures import photo, shown_files, upload

answer_on = cache(answering.CodecAnswer)


@pytest.fixture(scope="module")
def setup() -> Setup:
    return Setup(get_upload_folder, device="cpu")


@pytest.fixture
def original(tmp_path) -> Path:
    path = tmp_path / "holiday.png"
    photo((160, 120)).save(path)
    return path


def compressed(setup: Setup, picture: dict | None, codecs: object = (), metrics: object = ()) -> tuple:
    *_, update = answer_on(setup).codecs(picture, codecs, metrics)
    return update


def test_data_has_every_file_with_its_size_and_scores(setup, original):
    data, _, ladder = compressed(setup, upload(original), ["JPEG", "JPEG 2000"], ["psnr", "deepmse"])
    assert json.loads(json.dumps(data, allow_nan=False))["pixels"] == 160 * 120
    assert [file["bytes"] for file in data["files"]] == [step.path.stat().st_size for step in ladder.steps]
    for file, step in zip(data["files"], ladder.steps, strict=True):
        assert file["bytes_per_pixel"] == file["bytes"] / (160 * 120)
        assert file["scores"] == {name: step.score.measurements[name].value for name in ("psnr", "deepmse")}
        assert file["error"] == ""
    assert [file["quality"] for file in data["files"] if file["codec"] == "JPEG"] == sorted(
        file["quality"] for file in data["files"] if file["codec"] == "JPEG"
    )
    assert all("ratio" in file for file in data["files"] if file["codec"] == "JPEG 2000")


def test_each_metric_has_a_curve_with_a_point_a_file(setup, original):
    _, html, ladder = compressed(setup, upload(original), ["JPEG", "WebP"], ["psnr", "deepmse"])
    charts = re.findall(r'<figure class="dm-chart">.*?</figure>', html, re.DOTALL)
    assert len(charts) == 2
    assert "PSNR, higher is better" in charts[0]
    assert "DeepMSE, lower is better" in charts[1]
    for chart in charts:
        places = [
            (int(row), float(x), float(y))
            for row, x, y in re.findall(r'data-row="(\d+)".*?left: ([\d.]+)%; top: ([\d.]+)%', chart, re.DOTALL)
        ]
        assert [row for row, *_ in places] == list(range(len(ladder.steps)))
        assert all(0 < x < 100 and 0 < y < 100 for _, x, y in places)
        by_size = sorted(places, key=lambda place: ladder.steps[place[0]].size)
        assert [x for _, x, _ in by_size] == sorted(x for _, x, _ in places)
    psnr = [float(y) for y in re.findall(r"top: ([\d.]+)%; --dm-tint", charts[0])]
    worst_first = sorted(range(len(psnr)), key=lambda row: ladder.value(ladder.steps[row], "psnr"))
    assert [psnr[row] for row in worst_first] == sorted(psnr, reverse=True)


def test_rows_stand_from_the_smallest_file_on(setup, original):
    _, html, ladder = compressed(setup, upload(original), ["JPEG", "WebP"])
    rows = [int(row) for row in re.findall(r'<tr data-row="(\d+)"', html)]
    sizes = [ladder.steps[row].size for row in rows]
    assert sizes == sorted(step.size for step in ladder.steps)


@pytest.mark.parametrize(("size", "told"), [(999, "0.999 kB"), (44_230, "44.23 kB"), (1_234_567, "1.235 MB")])
def test_sizes_in_words(size, told):
    assert size_in_words(size) == told


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0.012, 0.6, [0.02, 0.05, 0.1, 0.2, 0.5]), (3, 30, [5, 10, 20]), (1e-4, 1e4, [10.0**n for n in range(-4, 5)])],
)
def test_ticks_of_a_logarithmic_axis_are_round(low, high, ticks):
    assert charting._decades(low, high) == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("low", "high", "ticks"), [(21.3, 48.9, [30, 40]), (0.81, 0.997, [0.85, 0.9, 0.95]), (-3, 3, [-2, 0, 2])]
)
def test_ticks_of_an_even_axis_are_round(low, high, ticks):
    assert charting._even(low, high) == pytest.approx(ticks)


def test_a_file_is_shown_beside_the_original_and_can_be_downloaded(setup, original):
    _, _, ladder = compressed(setup, upload(original), ["JPEG", "JPEG 2000"])
    for index in (2, len(ladder.steps) - 1):
        step = ladder.steps[index]
        _, html, download = tab._shown(setup, ladder, chosen(index))
        for image, source in zip(shown_files(html), (original, step.path), strict=True):
            np.testing.assert_array_equal(Image.open(image), Image.open(source).convert("RGB"))
        assert f">{step.name}</span>" in html
        file = Path(download.value["path"])
        assert file.read_bytes() == step.path.read_bytes()
        assert re.fullmatch(rf"holiday-{step.setting}\.(jpg|jp2)", file.name)
        assert step.name in download.label


@pytest.mark.parametrize("index", [-1, 400, None, "0", [0]])
def test_a_file_that_is_not_there_is_not_shown(setup, original, index):
    _, _, ladder = compressed(setup, upload(original), ["JPEG"])
    for state in (ladder, None):
        with pytest.raises(gr.Error, match="no longer here"):
            tab._shown(setup, state, chosen(index))


def test_a_file_that_was_deleted_is_not_shown(setup, original):
    _, _, ladder = compressed(setup, upload(original), ["JPEG"])
    ladder.steps[0].path.unlink()
    with pytest.raises(gr.Error, match="no longer here"):
        tab._shown(setup, ladder, chosen(0))


def test_what_cannot_be_compressed_is_a_message(setup, tmp_path):
    broken = tmp_path / "0123.png"
    broken.write_text("no image")
    small = tmp_path / "4567.png"
    photo((20, 20)).save(small)
    for picture, words in (
        (None, "no original yet"),
        (upload(broken, "letter.png"), "Original “letter.png”"),
        (upload(small, "tiny.png"), "too small"),
    ):
        _, html, _ = compressed(setup, picture, ["JPEG"])
        assert 'role="alert"' in html
        assert words in html
        assert str(tmp_path) not in html


def test_a_stopped_ladder_has_the_files_that_were_made(setup, original, monkeypatch):
    monkeypatch.setattr(answering, "UPDATE_S", 0)
    request = SimpleNamespace(session_hash="visitor")
    answer = answer_on(setup)
    updates = []
    for update in answer.codecs(upload(original), ["JPEG"], (), request):
        updates.append(update)
        if update[2] is not None and len(update[2].steps) == 3:
            answer.stopping.ask(request)
    data, html, ladder = updates[-1]
    assert 3 <= len(data["files"]) < 11
    assert html.count("<tr data-row") == len(ladder.steps) == len(data["files"])


def test_names_are_never_markup(setup, original):
    _, html, _ = compressed(setup, upload(original, '<img src=x onerror=alert(1)>".png'), ["JPEG"])
    assert "&lt;img src=x" in html
    assert "<img src=x" not in html


def test_files_lie_where_uploads_are_swept(setup, original, tmp_path):
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    _, _, ladder = compressed(setup, upload(original), ["JPEG"])
    tab._shown(setup, ladder, chosen(0))
    made = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert len(made) >= len(ladder.steps) + 2 + 1
    sweep(tmp_path, -1)
    assert list(tmp_path.iterdir()) == []


def chosen(index: object) -> gr.EventData:
    return gr.EventData(None, {"index": index})
