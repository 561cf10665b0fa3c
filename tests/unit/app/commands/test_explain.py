"""``deepmse explain``, and ``deepmse train causes`` on a miniature of its inputs."""

import json

import numpy as np
import pytest
import skimage.data
from deepmse.plugin.datasets.synthesis.distortions import DISTORTIONS
from deepmse.plugin.engine.records import Item
from deepmse.plugin.engine.scorer import Scorer
from deepmse.plugin.learning.causes import examples, files, packaged, training
from deepmse.plugin.learning.causes.examples import NAMES
from deepmse.plugin.tables import read_table
from PIL import Image

from ....conftest import photo_like


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "photos"
    root.mkdir()
    Image.fromarray(photo_like(0, 96, 64)).save(root / "a.png")
    Image.fromarray(skimage.data.coffee()).save(root / "b.jpg", quality=10)
    (root / "c.png").write_text("no image")
    return root


def test_a_row_an_image_and_no_value_for_a_bad_file(run, folder, tmp_path):
    out = tmp_path / "out.csv"
    result = run("explain", folder, "-o", out, "--json")
    assert result.status == 3, result.err
    rows = {row["dist"]: row for row in read_table(out).rows}
    scores = Scorer(["nr"], device="cpu").run([Item(0, folder / "a.png"), Item(1, folder / "b.jpg")])
    for name, score in zip(("photos/a.png", "photos/b.jpg"), scores, strict=True):
        found, row = score.measurements["nr"], rows[name]
        assert float(row["nr"]) == pytest.approx(found.value)
        assert row["quality_cause"] == found.causes[0].name
        assert float(row["quality_cause_confidence"]) == pytest.approx(found.causes[0].probability, abs=1e-4)
        assert [each.rpartition(" ")[0] for each in row["quality_causes"].split("; ")] == [
            each.name for each in found.causes[:3]
        ]
    bad = dict(rows["photos/c.png"])
    assert "not an image" in bad.pop("error")
    assert bad == {**dict.fromkeys(bad, ""), "dist": "photos/c.png"}
    told = json.loads(result.out)
    assert sum(told["causes"].values()) == 2
    assert list(told["errors"].values()) == [1]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_rows_outlive_the_process_and_are_gone_on_with(run, folder, tmp_path, suffix, monkeypatch):
    whole, out = tmp_path / f"whole{suffix}", tmp_path / f"out{suffix}"
    assert run("explain", folder, "-o", whole).status == 3

    def interrupted(self, items):
        yield from scores(self, items[:1])
        raise KeyboardInterrupt

    scores = Scorer.run
    with monkeypatch.context() as patch:
        patch.setattr(Scorer, "run", interrupted)
        stopped = run("explain", folder, "-o", out)
    assert (stopped.status, "go on with --resume" in stopped.err) == (130, True)
    result = run("explain", folder, "-o", out, "--resume", "--json")
    assert "3 images, 1 of them kept from before" in result.err
    assert sum(json.loads(result.out)["causes"].values()) == 2
    assert read_table(out).rows == read_table(whole).rows


def test_rows_go_to_standard_output(run, folder):
    result = run("explain", folder / "b.jpg")
    assert result.status == 0
    [row] = result.rows
    assert row["quality_cause"] == "JPEG compression"
    assert "JPEG compression" in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name paths, or a FiftyOne dataset"),
        (("a.png", "--dataset", "x"), "not both"),
        (("--dataset", "x", "-o", "y.csv"), "--out is for paths"),
        (("a.png", "--resume"), "--resume continues a file"),
        (("a.png", "--maps"), "--view and --maps are for a FiftyOne dataset"),
    ],
)
def test_wrong_usage(run, arguments, words):
    result = run("explain", *arguments)
    assert result.status == 2
    assert words in result.err


def test_columns_that_are_there_are_not_overwritten(run, tmp_path):
    (tmp_path / "in.csv").write_text("dist,quality_cause\na.png,fog\n")
    result = run("explain", tmp_path / "in.csv")
    assert result.status == 2
    assert "has a column 'quality_cause' already" in result.err


def test_the_model_is_made_by_one_command(run, tmp_path, monkeypatch):
    for folder in ("kodak", "biq/Images", "live/ref", "live/dist"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("01", "03", *packaged.HELD_OUT):
        Image.fromarray(photo_like(int(name), 48, 40)).save(tmp_path / "kodak" / f"{name}.png")
    rows = ["image,mos"]
    for number in range(4):
        Image.fromarray(photo_like(30 + number, 40, 40)).save(tmp_path / "biq" / "Images" / f"{number}.png")
        rows.append(f"{number}.png,0.{number + 1}")
    (tmp_path / "biq" / "mos.csv").write_text("\n".join(rows) + "\n")
    photo = Image.fromarray(photo_like(40, 48, 40))
    photo.save(tmp_path / "live" / "ref" / "monarch.png")
    photo.save(tmp_path / "live" / "dist" / "monarch_gblur_img1.png")
    (tmp_path / "live" / "dmos.csv").write_text(
        "dist_img,ref_img,distortion,dmos,dmos_std,n_live_entries\nmonarch_gblur_img1.png,monarch.png,gblur,1,2,1\n"
    )
    monkeypatch.setattr(examples, "LEVELS", (4,))
    monkeypatch.setattr(packaged, "BEST", 3)
    for name, value in (("FOLDS", 2), ("SHRINKAGES", (0.1, 0.3)), ("SHARPNESSES", (0.1,))):
        monkeypatch.setattr(training, name, value)
    slow = ("jitter", "denoise")
    monkeypatch.setattr(examples, "DISTORTIONS", {k: v for k, v in DISTORTIONS.items() if k not in slow})
    out = tmp_path / "causes.safetensors"
    command = ("train", "causes", *(tmp_path / name for name in ("kodak", "biq", "live")), "-o", out)
    command = (*command, "--features", tmp_path / "kept.npz")
    result = run(*command)
    assert result.status == 0, result.err
    card = json.loads(out.with_suffix(".json").read_text())
    assert card["data"]["kodak"]["photographs"] == len(list((tmp_path / "kodak").iterdir()))
    held_out = card["results"]["held_out"]["kodak"]["levels_3_to_5_and_undistorted"]
    assert held_out["pictures"] == len(packaged.HELD_OUT) * (1 + len(DISTORTIONS) - len(slow))
    assert held_out["confusion"]["none"]
    assert 0 < held_out["macro_f1"] <= 1
    told = card["results"]["live_subset"]["told"]
    assert [sum(counts.values()) for counts in told.values()] == [1, 1]
    found = files.load(out)
    assert found.names == NAMES
    np.testing.assert_allclose(found(examples.statistics_of(np.array(photo))[None]).sum(1), 1)
    written = out.read_bytes()
    monkeypatch.setattr(examples.Picture, "statistics", None)
    assert run(*command).status == 0
    assert out.read_bytes() == written
    for name in packaged.HELD_OUT:
        (tmp_path / "kodak" / f"{name}.png").unlink()
    result = run(*command)
    assert result.status == 2
    assert "it takes the folder of Kodak's 24 photographs" in result.err
