"""Whatever view of the same samples an operator is given, it does the same, or says in words why it cannot."""

import os
import subprocess
import sys
from pathlib import Path

import fiftyone as fo
import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.store import (
    ScoringJob,
    TrainingJob,
    check_model_name,
    compute_full_reference,
    compute_no_reference,
    evaluate_view,
    whole,
)
from deepmse.plugin.store.config import datasets_dir, media_dir
from deepmse.plugin.store.runs import Run, close_abandoned
from fiftyone import ViewField as F

pytestmark = pytest.mark.integration

VIEWS = {
    "all": lambda dataset: dataset.view(),
    "by reference": lambda dataset: dataset.group_by("ref_path"),
    "by reference, in order": lambda dataset: dataset.group_by("ref_path", order_by="level"),
    "by level, flat": lambda dataset: dataset.group_by("level", flat=True),
    "without the references": lambda dataset: dataset.exclude_fields("ref_path"),
    "without the opinions": lambda dataset: dataset.exclude_fields(["dmos", "dmos_std"]),
    "one field": lambda dataset: dataset.select_fields("distortion"),
    "grouped and one field": lambda dataset: dataset.select_fields("ref_path").group_by("ref_path"),
    "matched": lambda dataset: dataset.match(F("level") > 0),
    "sorted": lambda dataset: dataset.sort_by("filepath", reverse=True),
    "shuffled": lambda dataset: dataset.shuffle(seed=1),
    "doubled": lambda dataset: dataset.limit(3).concat(dataset.skip(3)),
    "saved": lambda dataset: saved(dataset),
}


def saved(dataset: fo.Dataset) -> fo.DatasetView:
    dataset.save_view("kept", dataset.sort_by("level"), overwrite=True)
    return dataset.load_saved_view("kept")


@pytest.fixture
def scored(dataset: fo.Dataset) -> dict[str, float]:
    """Scores of the plain dataset, by path; the dataset itself is left without."""
    compute_full_reference(dataset, "psnr", device="cpu")
    values = dict(zip(*dataset.values(["filepath", "psnr"]), strict=True))
    dataset.delete_sample_field("psnr")
    return values


@pytest.mark.parametrize("view", VIEWS)
def test_computing_and_evaluating_a_view_is_of_all_its_samples(dataset, scored, view):
    samples = VIEWS[view](dataset)
    summary = compute_full_reference(samples, "psnr", device="cpu")
    assert (summary.scored, summary.failed) == (6, 0)
    assert dict(zip(*dataset.values(["filepath", "psnr"]), strict=True)) == scored
    row = evaluate_view(VIEWS[view](dataset), metrics=["psnr"]).rows[0]
    assert (row.n, row.srcc) == (6, evaluate_view(dataset, metrics=["psnr"]).rows[0].srcc)
    assert compute_no_reference(samples, "piqe", device="cpu").scored == 6
    assert set(whole(samples).values("id")) == set(dataset.values("id"))


def test_part_of_the_groups_is_that_part(dataset):
    one = dataset.group_by("ref_path").limit(1)
    assert compute_full_reference(one, "psnr", device="cpu").scored == 3
    assert len(dataset.exists("psnr")) == 3


@pytest.mark.parametrize(
    ("field", "kind", "message"),
    [
        ("nr", fo.StringField, "'nr' of type StringField where NR"),
        ("nr_error", fo.FloatField, "'nr_error' of type FloatField"),
        ("nr_std", fo.StringField, "'nr_std' of type StringField"),
        ("nr_grade", fo.IntField, "'nr_grade' of type IntField"),
    ],
)
def test_fields_in_the_way_are_told_before_anything_is_computed(dataset, field, kind, message):
    dataset.add_sample_field(field, kind)
    before = set(dataset.get_field_schema())
    with pytest.raises(UsageError, match=message):
        ScoringJob(dataset, ["nr"], device="cpu")
    assert (set(dataset.get_field_schema()), dataset.list_runs()) == (before, [])


@pytest.mark.parametrize(("field", "subfield"), [("deepmse_stages", fo.StringField), ("deepmse_map", None)])
def test_lists_and_maps_of_something_else_are_in_the_way_too(dataset, field, subfield):
    if subfield:
        dataset.add_sample_field(field, fo.ListField, subfield=subfield)
    else:
        dataset.add_sample_field(field, fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification)
    with pytest.raises(UsageError, match=f"has a field '{field}'"):
        ScoringJob(dataset, ["deepmse"], device="cpu")


def test_a_read_only_field_is_told_before_anything_is_computed(dataset):
    compute_full_reference(dataset, "psnr", device="cpu")
    field = dataset.get_field("psnr")
    field.read_only = True
    field.save()
    with pytest.raises(UsageError, match="'psnr' is read-only"):
        ScoringJob(dataset, ["psnr"], device="cpu")


@pytest.mark.parametrize(
    "name",
    [
        *("nr_error", "_x", "id", "filepath", "tags", "a.b", "$a", "nr", "deepmse_map", "mos", "error", "1a"),
        *("a b", ""),
    ],
)
def test_names_that_are_no_models_are_refused(dataset, name):
    with pytest.raises(UsageError):
        check_model_name(dataset, name)


@pytest.mark.parametrize("name", ["../outside", "/absolute", "a/b", "..", "ünïcode", "plain"])
def test_what_is_made_for_a_dataset_stays_in_the_datasets_folder(name):
    dataset = fo.Dataset(f"{name}-{os.getpid()}" if name != ".." else f"..{os.getpid()}")
    try:
        folder = media_dir(dataset)
        assert folder.resolve().parent == datasets_dir().resolve()
    finally:
        dataset.delete()


class Broken:
    """An engine that ends after one image."""

    warnings = ()

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def describe(self) -> dict:
        return {}

    def run(self, items):
        raise self._error
        yield


@pytest.mark.parametrize(
    ("error", "status"), [(ZeroDivisionError("a fault"), "failed"), (KeyboardInterrupt(), "interrupted")]
)
def test_a_run_ends_with_the_work_however_it_ends(dataset, error, status):
    with pytest.raises(type(error)):
        list(ScoringJob(dataset, ["psnr", "ssim"], scorer=Broken(error)))
    for key in dataset.list_runs():
        config = dataset.get_run_info(key).config
        assert config.status == status
        assert config.reason.startswith(type(error).__name__)
    assert len(dataset.list_runs()) == 2


def test_a_run_ends_where_its_scores_cannot_be_written(dataset, monkeypatch):
    job = ScoringJob(dataset, ["psnr"], device="cpu")

    def fail(*_, **__):
        raise OSError("the database is gone")

    monkeypatch.setattr("deepmse.plugin.store.writer.ScoreWriter.flush", fail)
    with pytest.raises(OSError, match="gone"):
        list(job)
    assert dataset.get_run_info("psnr_1").config.status == "failed"


def test_training_that_fails_is_not_left_running(dataset, monkeypatch):
    dataset.set_values("rating", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    monkeypatch.setattr("deepmse.plugin.store.training.FEWEST", 2)
    monkeypatch.setattr("deepmse.plugin.store.training.number_of_folds", len)

    def fail(*_, **__):
        raise MemoryError("too little")

    monkeypatch.setattr("deepmse.plugin.learning.gaussian_process.training.train", fail)
    with pytest.raises(MemoryError):
        list(TrainingJob(dataset, "rating", "mine", device="cpu"))
    assert dataset.get_run_info("mine_1").config.status == "failed"


def test_what_a_killed_process_was_computing_is_closed_by_the_next(dataset):
    run = Run(dataset, "psnr", {})
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    config = dataset.get_run_info(run.key).config
    config.pid = gone.pid
    dataset.update_run_config(run.key, config)
    alive = Run(dataset, "ssim", {})
    assert dataset.get_run_info(run.key).config.status == "interrupted"
    close_abandoned(dataset)
    assert dataset.get_run_info(alive.key).config.status == "running"


def test_labels_that_are_no_finite_numbers_are_none(dataset):
    dataset.add_sample_field("rating", fo.FloatField)
    dataset.set_values("rating", [1.0, float("nan"), 2.0, float("inf"), None, 3.0])
    with pytest.raises(UsageError, match="3 samples have a value in 'rating'"):
        TrainingJob.check(dataset, "rating")


def test_error_maps_lie_in_the_folder_of_their_dataset(new_dataset, table, tmp_path):
    dataset = new_dataset(table)
    dataset.name = f"../up-{os.getpid()}"
    compute_full_reference(dataset, "deepmse", device="cpu")
    folders = {Path(path).resolve().parents[1] for path in dataset.values("deepmse_map.map_path")}
    assert {folder.parent for folder in folders} == {datasets_dir().resolve()}
