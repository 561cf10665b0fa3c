import csv
import json
import re
import zipfile
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest
from deepmse.app import cli
from deepmse.app.web import batches, view
from deepmse.app.web.storage import sweep
from deepmse.app.web.tabs.base import Setup
from deepmse.app.web.tabs.batch import answer as answering
from deepmse.app.web.tabs.batch import apps, tab
from deepmse.app.web.tabs.batch import html as shown
from deepmse.app.web.tabs.batch.apps import Apps
from deepmse.plugin.engine.records import Item, Measurement, Score
from gradio.utils import get_upload_folder
from PIL import Image

from ..pictures import photo, upload


@pytest.fixture(scope="module")
def setup() -> Setup:
    return Setup(get_upload_folder, device="cpu")


@pytest.fixture(scope="module")
def answer(setup) -> answering.BatchAnswer:
    return answering.BatchAnswer(setup)


@pytest.fixture
def pictures(tmp_path) -> list[Path]:
    """Three photographs, from sharp to blocky, and what is none."""
    paths = []
    for quality in (90, 20, 3):
        paths.append(tmp_path / f"quality-{quality:02}.jpg")
        photo((160, 120)).save(paths[-1], quality=quality)
    paths.append(tmp_path / "letter.jpg")
    paths[-1].write_text("Dear reader")
    return paths


def last(answer: answering.BatchAnswer, files: list[dict] | None, metrics: object = ()) -> tuple:
    *_, update = answer.batch(files, metrics)
    return update


def taken_home(setup: Setup, title: str, result: batches.Result | None, threshold: float) -> Path:
    name, write = tab.DOWNLOADS[title]
    path = Path(tab._written(setup, name, write, result, threshold))
    assert path.name == name
    return path


def command_line_rows(monkeypatch, table: Path, *arguments: str) -> list[dict[str, str]]:
    out = table.with_name("scores.csv")
    monkeypatch.setattr("sys.argv", ["deepmse", "score", str(table), "-o", str(out), *arguments, "--device", "cpu"])
    with pytest.raises(SystemExit):
        cli.main()
    with out.open(newline="") as file:
        return list(csv.DictReader(file))


def test_rows_are_those_of_the_command_line(answer, pictures, monkeypatch):
    table = pictures[0].with_name("table.csv")
    table.write_text("\n".join(["dist", *(path.name for path in pictures)]))
    expected = command_line_rows(monkeypatch, table, "-m", "nr", "-m", "piqe")
    for row in expected:
        row["error"] = row["error"].replace(f"{table.parent}/", "")
    data, html, _ = last(answer, [upload(path) for path in pictures], ["nr", "piqe"])
    assert data["rows"] == expected
    assert data["columns"] == tuple(expected[0])
    assert (data["pairs"], data["scored"], data["failed"]) == (4, 3, 1)
    assert "3 of 4 pictures scored" in html
    assert expected[3]["error"].startswith("letter.jpg: ")
    json.dumps(data)


def test_a_table_of_pairs_in_an_archive_is_scored_by_deepmse_as_the_command_line_does(
    answer, pictures, reference, tmp_path, monkeypatch
):
    folder = tmp_path / "set"
    (folder / "images").mkdir(parents=True)
    for path in (*pictures, reference):
        (folder / "images" / path.name).write_bytes(path.read_bytes())
    rows = [f"images/{path.name},images/reference.png,{index}" for index, path in enumerate(pictures)]
    rows += ["images/absent.jpg,images/reference.png,8", "images/quality-90.jpg,images/absent.png,9", ",,10"]
    table = folder / "pairs.csv"
    table.write_text("\n".join(["dist,ref,mos", *rows]))
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in (table, *sorted((folder / "images").iterdir())):
            archive.write(path, path.relative_to(tmp_path))
    expected = command_line_rows(monkeypatch, table)
    for row in expected:
        row["error"] = row["error"].replace(f"{folder}/", "")

    data, _, result = last(answer, [upload(tmp_path / "set.zip")])
    assert data["rows"] == expected
    assert [bool(row["deepmse"]) for row in expected] == [True] * 3 + [False] * 4
    assert result.metrics == ("deepmse",)


def test_loose_files_are_found_by_the_names_that_a_table_gives_them(answer, pictures, reference, tmp_path):
    table = tmp_path / "pairs.csv"
    table.write_text(f"dist,ref\nphotos/{pictures[0].name},originals/reference.png\n")
    data, _, _ = last(answer, [upload(path) for path in (table, pictures[0], reference)])
    assert data["rows"][0]["error"] == ""
    assert float(data["rows"][0]["deepmse"]) > 0


@pytest.mark.parametrize(
    "name",
    [
        "/etc/hostname",
        "../../etc/hostname",
        "..\\..\\etc\\hostname",
        "file:///etc/hostname",
        "http://192.0.2.1/a.png",
        "s3://bucket/a.png",
    ],
)
def test_a_table_names_no_file_of_the_server(answer, pictures, tmp_path, name):
    table = tmp_path / "pairs.csv"
    table.write_text(f"dist\n{name}\n")
    data, _, _ = last(answer, [upload(table), upload(pictures[0])])
    assert data["rows"] == [{"dist": name, "nr": "", "error": f"{name}: no such file"}]


def test_files_that_nobody_uploaded_are_not_opened(answer, tmp_path_factory):
    private = tmp_path_factory.mktemp("private") / "private.png"
    photo().save(private)
    data, html, result = last(answer, [upload(private)])
    assert "no uploaded file" in data["error"]
    assert 'role="alert"' in html
    assert result is None


@pytest.mark.parametrize(
    ("names", "metrics", "words"),
    [
        ([], [], "no pictures yet"),
        (["quality-90.jpg", "quality-90.jpg"], [], "Two files are called “quality-90.jpg”"),
        (["quality-90.jpg"], ["psnr"], "Add a CSV file"),
        (["quality-90.jpg"], ["no-such-metric"], "Choose metrics by a list of names"),
        (["a.csv"], [], "no picture among the files"),
        (["a.csv", "b.csv", "quality-90.jpg"], [], "several tables: a.csv, b.csv"),
        (["a.csv", "quality-90.jpg"], [], "a.csv: no column 'dist'"),
        (["b.csv", "quality-90.jpg"], [], "b.csv: has a column 'nr' already"),
        (["c.csv", "quality-90.jpg"], [], "c.csv: is no text"),
    ],
)
def test_what_cannot_be_scored_is_a_message(answer, pictures, tmp_path, names, metrics, words):
    (tmp_path / "a.csv").write_text("image\nx.jpg\n")
    (tmp_path / "b.csv").write_text("dist,nr\nquality-90.jpg,3\n")
    (tmp_path / "c.csv").write_bytes(b"\x00\xff\xfe")
    data, html, result = last(answer, [upload(tmp_path / name) for name in names], metrics)
    assert words in data["error"]
    assert 'role="alert"' in html
    assert str(tmp_path) not in html
    assert result is None


def test_too_many_pictures_are_refused(answer, pictures, monkeypatch):
    monkeypatch.setattr(batches, "MAX_PICTURES", 2)
    data, _, _ = last(answer, [upload(path) for path in pictures])
    assert "more than 2 pictures" in data["error"]


def test_archives_share_the_room_that_there_is(answer, pictures, tmp_path, monkeypatch):
    for name in ("one.zip", "two.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.write(pictures[0], f"{name}/{pictures[0].name}")
    both = [upload(tmp_path / name) for name in ("one.zip", "two.zip")]
    for share, words in ((2, None), (1.5, "two.zip: holds"), (0.5, "one.zip: holds")):
        monkeypatch.setattr(batches.archives, "MAX_TOTAL_BYTES", int(share * pictures[0].stat().st_size))
        data, _, _ = last(answer, both)
        assert data["scored"] == 2 if words is None else words in data["error"]


def test_progress_tells_how_many_are_done_and_how_long_it_takes(answer, pictures, monkeypatch):
    monkeypatch.setattr(answering, "UPDATE_S", 0)
    updates = list(answer.batch([upload(path) for path in pictures]))
    shown = [re.search(r"<strong>(\d) of 4</strong> · .* a second · \d+ s left", html) for _, html, _ in updates]
    assert [int(found[1]) for found in shown if found] == [1, 2, 3, 4, 4]
    assert [html.count("<tr data-row") for _, html, _ in updates] == [0, 0, 1, 2, 3, 4, 4, 4]


def test_a_stopped_batch_ends_with_the_rows_that_it_has(answer, pictures, monkeypatch):
    monkeypatch.setattr(answering, "UPDATE_S", 0)
    request = SimpleNamespace(session_hash="visitor")
    updates = []
    for update in answer.batch([upload(path) for path in pictures], (), request):
        updates.append(update)
        if "<strong>2 of 4</strong>" in update[1]:
            answer.stopping.ask(request)
    data, html, result = updates[-1]
    assert [row["dist"] for row in data["rows"]] == [path.name for path in pictures[:2]]
    assert "2 of 4 pictures scored</strong>, stopped after 2" in html
    assert len(result.scores) == 2
    assert "dm-split" in html


def test_a_batch_gives_way_after_its_time(answer, pictures, monkeypatch):
    for module in (answering, shown):
        monkeypatch.setattr(module, "LONGEST_S", -1)
    data, html, _ = last(answer, [upload(path) for path in pictures])
    assert (data["pairs"], data["rows"]) == (4, [])
    assert "0 of 4 pictures scored</strong>, stopped after 0: a batch may take" in html


@pytest.mark.parametrize(("seconds", "words"), [(0.4, "1 s left"), (59, "59 s left"), (61, "2 min left")])
def test_time_left_in_words(seconds, words):
    assert view.time_left(seconds) == words


def test_files_lie_where_uploads_are_swept(answer, setup, pictures, tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in pictures:
            archive.write(path, path.name)
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    _, _, result = last(answer, [upload(tmp_path / "set.zip")])
    for title in tab.DOWNLOADS:
        taken_home(setup, title, result, 0)
    made = {path for path in tmp_path.rglob("*") if path.is_file()} - before
    assert len(made) == 4 + 3 + 3
    sweep(tmp_path, -1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("threshold", "count"), [(-1, 3), (200, 0), (None, 2)])
def test_kept_are_those_as_good_as_the_threshold(answer, setup, pictures, threshold, count):
    data, _, result = last(answer, [upload(path) for path in pictures])
    if threshold is None:
        threshold = sorted(float(row["nr"]) for row in data["rows"] if row["nr"])[1] - 1e-6
    with taken_home(setup, "Kept (CSV)", result, threshold).open(newline="") as file:
        kept = list(csv.DictReader(file))
    assert kept == [row for row in data["rows"] if row["nr"] and float(row["nr"]) >= threshold]
    assert len(kept) == count
    with zipfile.ZipFile(taken_home(setup, "Kept pictures (zip)", result, threshold)) as archive:
        assert archive.namelist() == [row["dist"] for row in kept]
        for name in archive.namelist():
            assert archive.read(name) == pictures[0].with_name(name).read_bytes()
    with taken_home(setup, "All scores (CSV)", result, threshold).open(newline="") as file:
        assert list(csv.DictReader(file)) == data["rows"]


def test_pictures_whose_harmless_names_are_the_same_are_all_kept_and_none_twice(answer, setup, pictures, tmp_path):
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as archive:
        archive.write(pictures[0], "../a.jpg")
        archive.write(pictures[1], "a.jpg")
        archive.writestr("pairs.csv", "dist\n../a.jpg\na.jpg\na.jpg\n")
    _, _, result = last(answer, [upload(tmp_path / "odd.zip")])
    with zipfile.ZipFile(taken_home(setup, "Kept pictures (zip)", result, -1)) as archive:
        assert archive.namelist() == ["a.jpg", "2/a.jpg"]
        assert archive.read("2/a.jpg") == pictures[1].read_bytes()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "image"),
        (b"<html><img src=x onerror=alert(1)></html>", "image"),
        (b"PK\x05\x06" + bytes(18), "image"),
    ],
)
def test_what_is_no_picture_fails_by_itself(answer, pictures, tmp_path, content, words):
    path = tmp_path / "odd.png"
    path.write_bytes(content)
    data, html, _ = last(answer, [upload(pictures[0]), upload(path)])
    assert data["rows"][0]["nr"]
    assert data["rows"][1]["nr"] == ""
    assert words in data["rows"][1]["error"]
    assert "alert(1)" not in html


def test_a_picture_of_strange_shape_is_scored_or_refused_in_words(answer, tmp_path):
    path = tmp_path / "line.png"
    Image.new("L", (40_000, 1)).save(path)
    data, _, _ = last(answer, [upload(path)])
    assert "40000×1" in data["rows"][0]["error"]


@pytest.mark.parametrize("title", tab.DOWNLOADS)
def test_what_is_no_longer_here_is_said_so(answer, setup, pictures, title):
    with pytest.raises(gr.Error, match="no longer here"):
        taken_home(setup, title, None, 0)
    _, _, result = last(answer, [upload(path) for path in pictures])
    for path in pictures:
        path.unlink()
    if "zip" in title:
        with pytest.raises(gr.Error, match="no longer here"):
            taken_home(setup, title, result, 0)


def test_where_lower_is_better_low_scores_are_kept(answer, pictures):
    _, html, result = last(answer, [upload(path) for path in pictures], ["piqe"])
    values = sorted(result.value(score) for score in result.scores if score.measurements)
    assert sorted(map(result.value, result.kept(values[1]))) == values[:2]
    assert "PIQE, lower is better" in html
    assert "dm-lower" in html


@pytest.mark.parametrize(
    ("name", "harmless"),
    [("../../a.jpg", "a.jpg"), ("/etc/a.jpg", "etc/a.jpg"), ("b\\..\\a.jpg", "b/a.jpg"), ("C:/a.jpg", "C_/a.jpg")],
)
def test_names_in_an_archive_of_kept_pictures_stay_inside_it(name, harmless):
    assert batches.harmless(name) == harmless


def test_a_picture_is_shown_with_its_reference_and_scores(answer, pictures, reference, tmp_path):
    table = tmp_path / "pairs.csv"
    table.write_text(f"dist,ref\n{pictures[2].name},reference.png\nletter.jpg,reference.png\n")
    _, _, result = last(answer, [upload(path) for path in (table, pictures[2], pictures[3], reference)])
    html = shown.picture_html(result, chosen(0))
    assert html.count("data:image/png;base64") == 2
    assert f"<figcaption>{pictures[2].name}<" in html
    assert "<figcaption>reference.png<" in html
    assert "<dt>DeepMSE</dt>" in html
    assert "letter.jpg" in shown.picture_html(result, chosen(1))
    pictures[2].unlink()
    gone = shown.picture_html(result, chosen(0))
    assert "no such file" in gone
    assert str(tmp_path) not in gone


@pytest.mark.parametrize("index", [-1, 4, None, "0", 0.5, [0]])
def test_a_row_that_is_not_there_shows_no_picture(answer, pictures, index):
    _, _, result = last(answer, [upload(path) for path in pictures])
    assert "no longer here" in shown.picture_html(result, chosen(index))
    assert "no longer here" in shown.picture_html(None, chosen(0))


def test_names_are_never_markup(answer, pictures):
    name = '<img src=x onerror=alert(1)>".jpg'
    for path in (pictures[0], pictures[3]):
        _, html, result = last(answer, [upload(path, name)])
        for seen in (html, shown.picture_html(result, chosen(0))):
            assert "&lt;img src=x" in seen
            assert "<img src=x" not in seen


def chosen(index: object) -> gr.EventData:
    return gr.EventData(None, {"index": index})


def result_of(values: list[float], metric: str = "nr") -> batches.Result:
    table = batches.Table(Path("t.csv"), ("dist",), tuple({"dist": f"{index}.jpg"} for index in range(len(values))))
    scores = tuple(Score(Item(index, ""), {metric: Measurement(value)}, {}) for index, value in enumerate(values))
    settings = {"device_name": "CPU", "metrics": {metric: {}}}
    return batches.Result(batches.Batch(table, {}), (metric,), settings, (), scores)


@pytest.mark.parametrize(
    "values", [[5.0], [3.0, 3.0, 3.0], [0.0], [1e-7, 2e-7], [-5.0, 1e6], [12.0, float("inf")], [0.1, 0.2, 0.3]]
)
def test_everything_and_nothing_can_be_kept_whatever_the_scores(values):
    result = result_of(values, "psnr")
    html = shown.result_html(result, finished=True)
    low, high, step = (float(re.search(rf'{name}="([^"]+)"', html)[1]) for name in ("min", "max", "step"))
    finite = [value for value in values if value < float("inf")]
    assert low < min(finite) <= max(finite) < high
    assert step > 0
    assert len(result.kept(low)) == len(values)
    assert len(result.kept(high)) == len(values) - len(finite)
    assert int(re.search(r'"kept">(\d+)', html)[1]) + int(re.search(r'"rejected">(\d+)', html)[1]) == len(values)


def test_without_any_score_there_is_nothing_to_split():
    result = result_of([])
    assert "dm-split" not in shown.result_html(result, finished=True)
    assert "dm-split" not in shown.result_html(result_of([float("inf")], "psnr"), finished=True)


def test_at_first_the_worst_tenth_is_rejected():
    html = shown.result_html(result_of([float(value) for value in range(100)]), finished=True)
    assert 'data-testid="rejected">10<' in html
    html = shown.result_html(result_of([float(value) for value in range(100)], "piqe"), finished=True)
    assert 'data-testid="rejected">10<' in html


def test_thumbnails_are_small_whatever_the_file(answer, tmp_path):
    path = tmp_path / "wide.png"
    Image.linear_gradient("L").resize((400, 100)).convert("I;16").save(path)
    _, html, result = last(answer, [upload(path)])
    with Image.open(result.thumbnails[0]) as thumbnail:
        assert thumbnail.size == (96, 24)
    assert f'src="gradio_api/file={result.thumbnails[0]}"' in html


def test_fiftyone_opens_for_who_sits_here_and_has_scores():
    def visitor(host: str) -> SimpleNamespace:
        return SimpleNamespace(client=SimpleNamespace(host=host))

    with pytest.raises(gr.Error, match="at this machine only"):
        Apps().open(result_of([1.0]), visitor("192.0.2.7"))
    with pytest.raises(gr.Error, match="no longer here"):
        Apps().open(None, visitor("127.0.0.1"))


def test_fiftyone_gets_the_scores_and_the_last_one_ends_with_the_next(monkeypatch):
    started, ended = [], []

    def start(scores: object, metrics: object, names: object) -> tuple:
        started.append((len(scores), metrics, names))
        number = len(started)
        return SimpleNamespace(terminate=lambda: ended.append(number)), "http://localhost:5151/"

    monkeypatch.setattr(apps, "start", start)
    opened = Apps()
    for values in ([1.0, 2.0], [3.0]):
        html = opened.open(result_of(values), SimpleNamespace(client=SimpleNamespace(host="127.0.0.1")))
        assert 'href="http://localhost:5151/"' in html
    assert started == [(2, ("nr",), ["0.jpg", "1.jpg"]), (1, ("nr",), ["0.jpg"])]
    assert ended == [1]
    opened.close()
    assert ended == [1, 2]
