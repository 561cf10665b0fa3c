"""Options of the training commands: from files, for a plan, and what they log; and labels that cannot be learnt."""

import csv
import json
from pathlib import Path

import pytest
from deepmse.app.commands.settings import with_settings
from deepmse.plugin.evaluation.splits import hold_out
from deepmse.plugin.learning.settings import Settings

ARCHITECTURE = ("--frp", "none", "--nr", "none", "--frnp", "squeezenet", "--device", "cpu", "--held-out", 0.5)


@pytest.fixture
def table(made_pairs, tmp_path) -> Path:
    path = tmp_path / "pairs.csv"
    rows = [f"{pair.dist.name},{pair.ref.name},{3 - index % 3}" for index, pair in enumerate(made_pairs)]
    path.write_text("\n".join(["dist,ref,mos", *rows]))
    return path


def config(folder: Path, text: str, name: str = "how.yaml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_every_setting_of_the_loop_is_an_option_and_comes_together():
    found = []

    @with_settings(Settings(loss="plcc"))
    def command(number: int, *, settings: Settings) -> None:
        found.append((number, settings))

    given = dict(vars(Settings(loss="plcc")))
    command(number=1, **{**given, "epochs": 3})
    assert found == [(1, Settings(loss="plcc", epochs=3))]
    assert set(command.__signature__.parameters) == {"number", *given}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("how.yaml", "epochs: 7\nlearning-rate: 1e-3\nschedule: cosine\nlower-is-better: true\nscale: [1, 3]\n"),
        (
            "how.toml",
            'epochs = 7\nlearning_rate = 1e-3\nschedule = "cosine"\nlower_is_better = true\nscale = [1, 3]\n',
        ),
    ],
)
def test_a_file_gives_options_and_the_command_line_wins(run, table, tmp_path, name, text):
    out = tmp_path / "made.safetensors"
    arguments = ("train", "fr", table, "-o", out, *ARCHITECTURE, "--config", config(tmp_path, text, name))
    result = run(*arguments, "--epochs", 5, "--dry-run", "--json")
    assert result.status == 0, result.err
    settings = result.json["settings"]
    assert (settings["epochs"], settings["learning_rate"], settings["schedule"]) == (5, 0.001, "cosine")
    assert (result.json["data"]["lower_is_better"], result.json["data"]["scale"]) == (True, [1.0, 3.0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch: 7", "there is no option 'epoch'; the nearest is epochs"),
        ("learnig_rate: 1", "there is no option 'learnig_rate'; the nearest is learning_rate"),
        ("epochs: 3.7", "epochs is 3.7: "),
        ("epochs: true", "epochs is True: "),
        ("schedule: step", "'constant', 'cosine', 'exponential', 'plateau'"),
        ("held_out: 2", "held_out is 2: "),
        ("loss: mae", "training with loss 'mae': allowed is mse, plcc, norm-in-norm or ranking"),
        ("epochs: 0", "training with epochs 0: allowed is 1 or more"),
        ("- epochs", "has no options"),
        ("a: [", "cannot be read"),
    ],
)
def test_what_a_file_cannot_say_is_one_clear_message(run, table, tmp_path, text, message):
    result = run("train", "fr", table, *ARCHITECTURE, "--config", config(tmp_path, text))
    assert result.status == 2
    assert message in " ".join(result.err.split())
    assert "Traceback" not in result.err


def test_a_file_of_another_format_is_refused(run, table, tmp_path):
    result = run("train", "fr", table, "--config", config(tmp_path, "", "how.ini"))
    assert result.status == 2
    assert ".toml, .yaml, .yml" in result.err


def test_a_dry_run_tells_the_plan_and_what_it_measured_and_writes_nothing(run, table, tmp_path):
    out, before = tmp_path / "made.safetensors", set(tmp_path.iterdir())
    arguments = ("train", "fr", table, "-o", out, *ARCHITECTURE, "--epochs", 4, "--batch-size", 2, "--dry-run")
    plan = run(*arguments, "--json").json
    sides = {"training": 3, "validation": 3, "references_on_both_sides": 0}
    assert plan["split"] == {"by": "reference", **sides}
    assert plan["parameters"]["all"] == plan["parameters"]["trained"] > 700_000
    estimate = plan["estimate"]
    # Two steps an epoch of three pairs.
    whole = 4 * (2 * estimate["seconds_a_step"] + estimate["seconds_of_validation"])
    assert estimate["seconds"] == pytest.approx(whole)
    assert estimate["bytes"] > 2**27
    words = run(*arguments)
    assert words.status == 0, words.err
    assert "Measured on cpu by two steps of this training" in words.out
    assert set(tmp_path.iterdir()) == before


def test_the_log_for_tensorboard_has_the_epochs_of_the_csv_file(run, table, tmp_path):
    event = pytest.importorskip("tensorboardX.proto.event_pb2")
    out = tmp_path / "made.safetensors"
    arguments = ("train", "fr", table, "-o", out, *ARCHITECTURE, "--batch-size", 3, "--tensorboard")
    assert run(*arguments, "--epochs", 2).status == 0
    [path] = (tmp_path / "made.tensorboard").iterdir()
    found: dict[int, dict[str, float]] = {}
    data = path.read_bytes()
    while data:
        length = int.from_bytes(data[:8], "little")
        record = event.Event.FromString(data[12 : 12 + length])
        data = data[16 + length :]
        for value in record.summary.value:
            found.setdefault(record.step, {})[value.tag] = value.simple_value
    with (tmp_path / "made.log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [found[int(row["number"])]["loss"] for row in rows] == pytest.approx([float(row["loss"]) for row in rows])
    assert len(found) == len(rows) == 2


def test_a_log_for_tensorboard_without_the_package_says_what_to_install(run, table, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX", None)
    out = tmp_path / "made.safetensors"
    result = run("train", "fr", table, "-o", out, *ARCHITECTURE, "--tensorboard")
    assert result.status == 2
    assert "pip install 'fiftyone-deepmse[tensorboard]'" in " ".join(result.err.split())
    assert not out.with_suffix(".checkpoint.safetensors").exists()


def rewritten(table: Path, change) -> Path:
    with table.open() as file:
        rows = list(csv.DictReader(file))
    for index, row in enumerate(rows):
        change(index, row)
    path = table.with_name("changed.csv")
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.mark.parametrize(
    "command", [("train", "fr", *ARCHITECTURE), ("finetune", "-b", "squeezenet"), ("train", "nr")]
)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda index, row: row.update(mos="2"), "all 6 labels are 2; there is nothing to learn"),
        (lambda index, row: row.update(mos="nan"), "no image has a mos"),
        (lambda index, row: row.update(mos="good"), "mos is 'good', not a number"),
        (lambda index, row: row.update(opinion=row.pop("mos")), "no column 'mos'; there are"),
        (lambda index, row: row.update(file=row.pop("dist")), "no column 'dist'; there are"),
    ],
)
def test_labels_that_cannot_be_learnt_are_one_clear_message(run, table, tmp_path, command, change, message):
    result = run(*command, rewritten(table, change), "-o", tmp_path / "made.safetensors")
    assert result.status == 2
    assert message in " ".join(result.err.split())
    assert "Traceback" not in result.err


def test_a_reference_that_some_rows_lack_is_counted(run, table, tmp_path):
    lacking = rewritten(table, lambda index, row: row.update(ref="" if index > 3 else row["ref"]))
    result = run("train", "fr", lacking, "-o", tmp_path / "made.safetensors", *ARCHITECTURE)
    assert result.status == 2
    assert "dist1_2.png: has no reference" in result.err.replace("\n", "")


def test_unreadable_images_are_left_out_counted_and_listed_and_training_goes_on(run, table, tmp_path):
    (tmp_path / "dist0_2.png").write_bytes(b"no image")
    out = tmp_path / "made.safetensors"
    arguments = ("train", "fr", table, "-o", out, *ARCHITECTURE[:-2], "--held-out", 0)
    result = run(*arguments, "--epochs", 1, "--batch-size", 3)
    assert result.status == 0, result.err
    assert "left out: 1 image" in result.err
    assert "dist0_2.png" in result.err.replace("\n", "")
    [skipped] = json.loads(out.with_suffix(".json").read_text())["skipped"]
    assert skipped.startswith(str(tmp_path / "dist0_2.png"))


def test_a_split_that_leaks_says_so(run, table, tmp_path):
    out = tmp_path / "made.safetensors"
    result = run("train", "fr", table, "-o", out, *ARCHITECTURE, "--epochs", 1, "--split", "images", "--seed", 1)
    assert result.status == 0, result.err
    with table.open() as file:
        references = [row["ref"] for row in csv.DictReader(file)]
    split = hold_out([str(place) for place in range(6)], {"training": 0.5, "validation": 0.5}, seed=1)
    leaking = len({references[place] for place in split["training"]} & {references[p] for p in split["validation"]})
    assert leaking > 0
    assert f"the split leaks: {leaking} references are on both sides" in " ".join(result.err.split())
