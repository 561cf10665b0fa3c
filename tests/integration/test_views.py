"""Every kind of view with everything that reads one: the numbers of its plain samples, or one clear error."""

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.learning.gaussian_process.files import PACKAGED
from deepmse.plugin.store import (
    ScoringJob,
    TrainingJob,
    check_model_name,
    compute_full_reference,
    compute_no_reference,
    count_labels,
    evaluate_view,
    import_dataset,
    list_evaluations,
    load_evaluation,
    read_table,
    save_evaluation,
    take_snapshot,
    underlying,
)
from deepmse.plugin.store.config import dataset_dir, datasets_dir
from fiftyone import ViewField as F
from PIL import Image, ImageFilter
from scipy import stats

from ..conftest import photo_like

pytestmark = pytest.mark.integration

PLUGIN = "@deepmse/image-quality"


@pytest.fixture(scope="module")
def paired(tmp_path_factory) -> Iterator[fo.Dataset]:
    """Twelve pairs of four references, with opinions, made-up scores and a box each."""
    folder = tmp_path_factory.mktemp("paired")
    rng = np.random.default_rng(0)
    samples = []
    for number in range(4):
        clean = photo_like(number, 48, 40)
        Image.fromarray(clean).save(folder / f"ref{number}.png")
        for level in (1, 2, 3):
            path = folder / f"dist{number}_{level}.png"
            noisy = clean + rng.normal(0, 8 * level, clean.shape)
            Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).save(path)
            samples.append(
                fo.Sample(
                    filepath=str(path),
                    ref_path=str(folder / f"ref{number}.png"),
                    level=level,
                    mos=float(rng.uniform(1, 5)),
                    ssim=float(rng.uniform()),
                    boxes=fo.Detections(detections=[fo.Detection(label="a", bounding_box=[0, 0, 1, 1])]),
                )
            )
    dataset = fo.Dataset()
    dataset.add_samples(samples, progress=False)
    dataset.save_view("kept", dataset.group_by("ref_path"))
    yield dataset
    dataset.delete()


def _with_a_deleted_sample(dataset: fo.Dataset) -> fo.DatasetView:
    extra = fo.Sample(filepath="/nowhere/extra.png")
    dataset.add_sample(extra)
    view = dataset.select([*dataset[:3].values("id"), extra.id])
    dataset.delete_samples([extra])
    return view


ALL, NO_FIELDS = range(12), ("ref_path", "mos", "ssim", "level")

#: A view, and the numbers of the samples that it stands for.
VIEWS: dict[str, tuple[Callable[[fo.Dataset], fo.DatasetView], list[int]]] = {
    "all": (lambda d: d.view(), [*ALL]),
    "group_by": (lambda d: d.group_by("ref_path"), [*ALL]),
    "group_by ordered": (lambda d: d.group_by("ref_path", order_by="mos", reverse=True), [*ALL]),
    "group_by an expression": (lambda d: d.group_by(F("level") > 1), [*ALL]),
    "group_by two fields": (lambda d: d.group_by(("ref_path", "level")), [*ALL]),
    "flattened and grouped again": (
        lambda d: d.group_by("ref_path").flatten(fo.Limit(2)).group_by("level"),
        [0, 1, 3, 4, 6, 7, 9, 10],
    ),
    "group_by of a match": (lambda d: d.match(F("level") > 1).group_by("ref_path"), [1, 2, 4, 5, 7, 8, 10, 11]),
    "one group": (lambda d: d.group_by("ref_path").limit(1), [0, 1, 2]),
    "groups without fields": (lambda d: d.group_by("ref_path").select_fields("level"), [*ALL]),
    "group_by in a group's own order": (lambda d: d.group_by("ref_path", flat=True), [*ALL]),
    "flattened": (lambda d: d.group_by("ref_path").flatten(fo.Limit(2)), [0, 1, 3, 4, 6, 7, 9, 10]),
    "saved": (lambda d: d.load_saved_view("kept"), [*ALL]),
    "exclude_fields": (lambda d: d.exclude_fields(list(NO_FIELDS)), [*ALL]),
    "select_fields": (lambda d: d.match(F("level") == 1).select_fields(), [0, 3, 6, 9]),
    "match": (lambda d: d.match(F("level") < 3), [0, 1, 3, 4, 6, 7, 9, 10]),
    "sort_by and limit": (lambda d: d.sort_by("level").limit(4), [0, 3, 6, 9]),
    "skip": (lambda d: d.skip(5), [*range(5, 12)]),
    "shuffle": (lambda d: d.shuffle(seed=1), [*ALL]),
    "concat": (lambda d: d[:2].concat(d[1:4]), [0, 1, 2, 3]),
    "concat without fields": (lambda d: d[:2].concat(d[1:4].select_fields()), [0, 1, 2, 3]),
    "of a deleted sample": (_with_a_deleted_sample, [0, 1, 2]),
}


@pytest.fixture(params=VIEWS)
def view_and_samples(request, paired) -> tuple[fo.DatasetView, list[str]]:
    make, numbers = VIEWS[request.param]
    ids = paired.values("id")
    return make(paired), [ids[number] for number in numbers]


@pytest.fixture(scope="module")
def scorers():
    from deepmse.plugin.engine.scorer import Scorer

    return {metric: Scorer([metric], device="cpu") for metric in ("psnr", "blur")}


def scored_ids(dataset: fo.Dataset, field: str) -> list[str]:
    return dataset.exists(field).values("id")


class TestEveryView:
    def test_stands_for_its_samples_once_and_with_all_fields(self, view_and_samples, paired):
        view, ids = view_and_samples
        whole = underlying(view)
        assert sorted(whole.values("id")) == sorted(ids)
        assert set(whole.get_field_schema()) == set(paired.get_field_schema())

    @pytest.mark.parametrize("metric", ["psnr"])
    def test_is_scored_against_references(self, view_and_samples, paired, metric):
        view, ids = view_and_samples
        summary = compute_full_reference(view, metric, device="cpu")
        try:
            assert (summary.scored, summary.failed) == (len(ids), 0)
            assert sorted(scored_ids(paired, metric)) == sorted(ids)
        finally:
            paired.delete_sample_field(metric)

    def test_is_evaluated(self, view_and_samples, paired):
        view, ids = view_and_samples
        scores, opinions = paired.select(ids).values(["ssim", "mos"])
        (row, *_) = evaluate_view(view, "mos", ["ssim"]).rows
        assert row.n == len(ids)
        if row.srcc is not None:
            assert row.srcc == pytest.approx(stats.spearmanr(scores, opinions).statistic)

    def test_is_a_snapshot_for_the_panel(self, view_and_samples, paired):
        view, ids = view_and_samples
        found, references = take_snapshot(view).columns(["id", "ref_path"])
        expected = dict(zip(*paired.values(["id", "ref_path"]), strict=True))
        assert dict(zip(found, references, strict=True)) == {sample: expected[sample] for sample in ids}
        assert len(found) == len(ids)

    def test_is_counted_for_training(self, view_and_samples):
        view, ids = view_and_samples
        assert count_labels(view, "mos") == (len(ids), 0)

    def test_is_kept_with_its_number_of_images(self, view_and_samples, paired):
        view, ids = view_and_samples
        name = save_evaluation(view, {}, {"rows": []})
        try:
            assert load_evaluation(paired, name).images == len(ids)
        finally:
            paired.delete_run(name)


@pytest.mark.parametrize("reader", [ScoringJob, TrainingJob, read_table, underlying])
def test_patches_are_refused_by_all(paired, reader):
    arguments = {ScoringJob: (["psnr"],), TrainingJob: ("mos", "mine"), read_table: ("mos",), underlying: ()}[reader]
    with pytest.raises(UsageError, match="patches"):
        reader(paired.to_patches("boxes"), *arguments)


def test_dynamic_groups_of_a_grouped_dataset_are_all_their_groups(tmp_path):
    samples = []
    for number in range(4):
        group = fo.Group()
        for index, name in enumerate(("reference", "distorted")):
            path = tmp_path / f"{number}{name}.png"
            Image.fromarray(photo_like(number + index, 32, 32)).save(path)
            samples.append(fo.Sample(filepath=str(path), group=group.element(name), scene=number % 2))
    dataset = fo.Dataset()
    try:
        dataset.add_samples(samples, progress=False)
        assert compute_full_reference(dataset.group_by("scene"), "psnr", device="cpu").scored == 4
    finally:
        dataset.delete()


def test_groups_of_any_kind_of_value_are_whole():
    """Missing, NaN, whole numbers among others, texts, lists: as FiftyOne's own ``flatten`` has them."""
    dataset = fo.Dataset()
    try:
        dataset.add_samples([fo.Sample(filepath=f"/nowhere/{n}.png") for n in range(8)], progress=False)
        dataset.add_sample_field("key", fo.FloatField)
        dataset.set_values("key", [1.0, 1, float("nan"), float("nan"), None, None, 2.5, 2.5], validate=False)
        dataset.add_sample_field("tagged", fo.ListField, subfield=fo.StringField)
        dataset.set_values("tagged", [["a"], ["a"], ["a", "b"], ["b"], None, [], [], None])
        for grouped in (dataset.group_by("key"), dataset.group_by("tagged"), dataset.group_by("id")):
            for view in (grouped, grouped.skip(1), grouped.limit(2)):
                assert sorted(underlying(view).values("id")) == sorted(view.flatten().values("id")), view
    finally:
        dataset.delete()


def test_random_pipelines_give_the_samples_that_their_stages_choose(paired):
    """Each stage also as Python does it to the list of samples."""
    ids, levels, references = paired.values(["id", "level", "ref_path"])
    level, reference = dict(zip(ids, levels, strict=True)), dict(zip(ids, references, strict=True))
    for seed in range(40):
        rng = random.Random(seed)
        view, expected = paired.view(), list(ids)
        for _ in range(rng.randint(1, 4)):
            match rng.choice(["match", "limit", "skip", "exclude", "select"]):
                case "match":
                    most = rng.randint(1, 3)
                    view, expected = (
                        view.match(F("level") <= most),
                        [each for each in expected if level[each] <= most],
                    )
                case "limit":
                    number = rng.randint(3, 12)
                    view, expected = view.limit(number), expected[:number]
                case "skip":
                    number = rng.randint(1, 4)
                    view, expected = view.skip(number), expected[number:]
                case "exclude":
                    view = view.exclude_fields(["ref_path", "mos"])
                case "select":
                    view = view.select_fields("level")
        hides = any(isinstance(stage, fo.SelectFields | fo.ExcludeFields) for stage in view._stages)
        if rng.random() < 0.5 and not hides:
            view = view.group_by("ref_path").skip(1)
            first = min((reference[each] for each in expected), default=None)
            expected = [each for each in expected if reference[each] != first]
        found = underlying(view).values(["id", "ref_path"])
        assert sorted(found[0]) == sorted(expected), (seed, view)
        assert found[1] == [reference[each] for each in found[0]]


def test_regressions_of_dynamic_groups_are_refused_by_fiftyone_and_taken_flattened():
    """Not evaluated on one sample a group."""
    dataset = fo.Dataset()
    values = np.random.default_rng(0).uniform(size=(2, 30))
    try:
        dataset.add_samples(
            [
                fo.Sample(
                    filepath=f"/nowhere/{n}.png",
                    scene=n % 5,
                    score=fo.Regression(value=score),
                    mos=fo.Regression(value=target),
                )
                for n, (score, target) in enumerate(values.T)
            ],
            progress=False,
        )
        grouped, settings = dataset.group_by("scene"), {"gt_field": "mos", "custom_metrics": [f"{PLUGIN}/srcc"]}
        with pytest.raises(ValueError, match="dynamic group"):
            grouped.evaluate_regressions("score", **settings)
        results = underlying(grouped).evaluate_regressions("score", **settings)
        assert results.metrics()["srcc"] == pytest.approx(stats.spearmanr(*values).statistic)
    finally:
        dataset.delete()


def test_a_synthetic_set_is_made_of_all_images_of_dynamic_groups(paired):
    make = foo.get_operator(f"{PLUGIN}/make_synthetic_set")
    made = make(paired.group_by("ref_path").limit(1), "views-synthetic", distortions=["gaussian_blur"], levels=[1])
    try:
        assert len(made) == 3
    finally:
        made.delete()


def foreign_fields() -> dict[str, tuple[str, dict]]:
    return {
        "text for the score": ("psnr", {"ftype": fo.StringField}),
        "whole numbers for the score": ("psnr", {"ftype": fo.IntField}),
        "numbers for the reason": ("psnr_error", {"ftype": fo.FloatField}),
        "read-only score": ("psnr", {"ftype": fo.FloatField, "read_only": True}),
        "text for the stages": ("deepmse_stages", {"ftype": fo.StringField}),
        "texts for the stages": ("deepmse_stages", {"ftype": fo.ListField, "subfield": fo.StringField}),
        "boxes for the maps": (
            "deepmse_map",
            {"ftype": fo.EmbeddedDocumentField, "embedded_doc_type": fo.Detections},
        ),
        "numbers for the word": ("nr_grade", {"ftype": fo.FloatField}),
        "text for the deviation": ("nr_std", {"ftype": fo.StringField}),
    }


class TestFieldsThatClash:
    @pytest.mark.parametrize("which", foreign_fields())
    def test_are_found_before_anything_is_loaded_or_written(self, dataset, which, monkeypatch):
        name, settings = foreign_fields()[which]
        dataset.add_sample_field(name, **settings)
        schema = set(dataset.get_field_schema())

        def untouched(*_, **__):
            raise AssertionError("weights were looked for")

        monkeypatch.setattr("deepmse.plugin.engine.scorer.Scorer.__init__", untouched)
        with pytest.raises(UsageError, match=f"{name}'.*rename or delete"):
            metric = name.partition("_")[0]
            compute = compute_no_reference if metric == "nr" else compute_full_reference
            compute(dataset, metric, device="cpu")
        assert set(dataset.get_field_schema()) == schema
        assert dataset.list_runs() == []

    def test_something_called_like_the_maps_stays_where_no_maps_are_written(self, dataset):
        dataset.add_sample_field("deepmse_map", fo.StringField)
        dataset.set_values("deepmse_map", ["mine"] * 6)
        compute_full_reference(dataset, device="cpu", error_maps=False)
        assert dataset.values("deepmse_map") == ["mine"] * 6

    def test_opinions_are_not_overwritten_by_scores(self, dataset):
        dataset.rename_sample_field("dmos", "psnr")
        dataset.info["image_quality"]["target"] = "psnr"
        dataset.save()
        with pytest.raises(UsageError, match="holds the opinions"):
            compute_full_reference(dataset, "psnr", device="cpu")

    def test_the_second_metric_is_checked_before_the_first_is_written(self, dataset):
        job = ScoringJob(dataset, ["psnr", "ssim"], device="cpu")
        dataset.add_sample_field("ssim", fo.StringField)
        with pytest.raises(UsageError, match="'ssim'"):
            next(iter(job))
        assert not dataset.has_field("psnr")

    @pytest.mark.parametrize(
        "name",
        [
            *("nr_error", "nr_std", "nr", "deepmse", "ssim", "dmos", "mos_", "taken"),
            *("_x", "id", "filepath", "tags", "metadata"),
            *("a.b", "$a", "a b", "", "../x", "é", "x" * 200),
        ],
    )
    def test_names_that_no_model_can_have(self, dataset, name):
        dataset.add_sample_field("mos__std", fo.FloatField)
        dataset.add_sample_field("taken_error", fo.StringField)
        with pytest.raises(UsageError):
            check_model_name(dataset, name)

    def test_two_models_of_one_name_are_refused(self, dataset, tmp_path):
        for folder in ("a", "b"):
            (tmp_path / folder).mkdir()
            shutil.copy(PACKAGED, tmp_path / folder / "mine.safetensors")
        with pytest.raises(UsageError, match="both would score into mine; rename one"):
            ScoringJob(dataset, [str(tmp_path / folder / "mine.safetensors") for folder in ("a", "b")])

    def test_one_metric_by_two_names_is_computed_once(self, dataset):
        job = ScoringJob(dataset, ["ms-ssim", "ms_ssim"], device="cpu")
        assert len(list(job)) >= 1
        assert len(job.summaries) == 1


class TestFolders:
    @pytest.mark.parametrize("name", ["../x-views", "/abs-views", "a/b-views", "..\\c-views", "unicode-ö-views"])
    def test_error_maps_stay_in_the_datasets_folder(self, table, name):
        dataset = import_dataset(table, name)
        try:
            compute_full_reference(dataset, device="cpu")
            for path in dataset.values("deepmse_map.map_path"):
                assert Path(path).resolve().parents[2] == datasets_dir().resolve()
            assert check_model_name(dataset, "mine").resolve().parents[2] == datasets_dir().resolve()
        finally:
            dataset.delete()

    def test_a_very_long_name_has_a_folder_too(self):
        dataset = fo.Dataset("long-" + "ö" * 300)
        try:
            dataset_dir(dataset).mkdir(parents=True)
        finally:
            dataset.delete()


class Breaking:
    """Ends after two scores with an exception."""

    def __init__(self, error: BaseException) -> None:
        from deepmse.plugin.engine.scorer import Scorer

        self._scorer, self._error = Scorer(["psnr"], device="cpu"), error
        self.warnings = ()

    def describe(self) -> dict:
        return self._scorer.describe()

    def run(self, items):
        for number, score in enumerate(self._scorer.run(items)):
            if number == 2:
                raise self._error
            yield score


class TestRunsThatEndBadly:
    @pytest.mark.parametrize(
        ("error", "status"), [(RuntimeError("out of memory"), "failed"), (KeyboardInterrupt(), "interrupted")]
    )
    def test_say_why_and_count_what_is_written(self, dataset, error, status):
        job = ScoringJob(dataset, ["psnr"], scorer=Breaking(error))
        with pytest.raises(type(error)):
            list(job)
        config = dataset.get_run_info("psnr_1").config
        assert (config.status, config.counts["scored"]) == (status, 2)
        assert type(error).__name__ in config.reason
        assert len(dataset.exists("psnr")) == 2

    def test_a_failing_database_is_no_running_run(self, dataset, monkeypatch):
        def gone(self, field, *_, **__):
            raise ConnectionError("the database is gone")

        job = ScoringJob(dataset, ["psnr"], device="cpu")
        monkeypatch.setattr(fo.Dataset, "set_values", gone)
        with pytest.raises(ConnectionError):
            list(job)
        config = dataset.get_run_info("psnr_1").config
        assert (config.status, config.counts["scored"]) == ("failed", 0)

    def test_a_full_disk_is_told_with_the_file(self, dataset, monkeypatch):
        def full(self, path, *_, **__):
            raise OSError(28, "No space left on device")

        job = ScoringJob(dataset, ["deepmse"], device="cpu")
        monkeypatch.setattr(Image.Image, "save", full)
        with pytest.raises(UsageError, match=r"\.png: the error map cannot be written \(No space left on device\)"):
            list(job)
        assert dataset.get_run_info("deepmse_1").config.status == "failed"

    def test_a_folder_for_maps_that_cannot_be_made_is_found_first(self, dataset, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(UsageError, match="cannot be made"):
            list(ScoringJob(dataset, ["deepmse"], device="cpu", map_dir=tmp_path / "file" / "maps"))
        assert not dataset.has_field("deepmse")

    def test_a_training_that_fails_is_no_running_run(self, labelled, monkeypatch):
        def fail(*_, **__):
            raise RuntimeError("no")

        monkeypatch.setattr("deepmse.plugin.learning.gaussian_process.trainer.train", fail)
        with pytest.raises(RuntimeError, match="no"):
            list(TrainingJob(labelled, "sharp", "mine", device="cpu"))
        config = labelled.get_run_info("mine_1").config
        assert (config.status, config.counts["learnt"]) == ("failed", 24)

    def test_an_evaluation_whose_results_cannot_be_kept_is_not_there(self, dataset, monkeypatch):
        def fail(*_, **__):
            raise ConnectionError("the database is gone")

        monkeypatch.setattr(fo.Dataset, "save_run_results", fail)
        with pytest.raises(ConnectionError):
            save_evaluation(dataset, {}, {"rows": []})
        assert list_evaluations(dataset) == []


@pytest.fixture
def labelled(tmp_path) -> Iterator[fo.Dataset]:
    """Twenty-eight images with a label each; two are NaN, one is infinite, one is less so."""
    samples = []
    for number in range(28):
        path = tmp_path / f"{number}.png"
        blurred = Image.fromarray(photo_like(number, 240, 240)).filter(ImageFilter.GaussianBlur((27 - number) / 6))
        blurred.save(path)
        samples.append(fo.Sample(filepath=str(path), sharp=float(number), scene=number % 3))
    dataset = fo.Dataset()
    dataset.add_samples(samples, progress=False)
    ids = dataset.values("id")
    wrong = dict(zip(ids[3:7], [np.nan, np.nan, np.inf, -np.inf], strict=True))
    dataset.set_values("sharp", wrong, key_field="id")
    yield dataset
    dataset.delete()


class TestLabels:
    def test_that_are_not_finite_are_missing_and_counted(self, labelled):
        train = foo.get_operator(f"{PLUGIN}/train_quality_model")
        result = train(labelled.group_by("scene"), "sharp", "finite", device="cpu")
        config = labelled.get_run_info("finite_1").config
        assert config.counts == {"learnt": 24, "not_finite": 4, "failed": 0}
        assert len(labelled.exists("finite")) == 28
        to_label = labelled.load_saved_view("label next for finite").values("id")
        assert sorted(to_label) == labelled.values("id")[3:7]
        assert result is not None

    def test_too_few_are_told_with_those_that_are_not_finite(self, labelled):
        with pytest.raises(UsageError, match="8 samples have a value in 'sharp', and 4 one that is NaN or infinite"):
            TrainingJob.check(labelled.limit(12), "sharp")


class TestLoading:
    def test_a_load_that_fails_leaves_nothing(self, table, monkeypatch):
        def fail(*_, **__):
            raise ConnectionError("the database is gone")

        monkeypatch.setattr(fo.Dataset, "add_samples", fail)
        with pytest.raises(ConnectionError):
            import_dataset(table, "views-half")
        assert not fo.dataset_exists("views-half")

    def test_a_load_that_was_killed_is_completed(self, table, monkeypatch):
        add = fo.Dataset.add_samples

        def killed(self, samples, **settings):
            add(self, samples[:3], **settings)
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(fo.Dataset, "add_samples", killed)
            patched.setattr(fo.Dataset, "delete", lambda self: None)  # Nothing is tidied up after a kill.
            with pytest.raises(KeyboardInterrupt):
                import_dataset(table, "views-killed")
        dataset = import_dataset(table, "views-killed")
        try:
            assert dataset.values("filepath") == [str(record.dist) for record in table.records]
        finally:
            dataset.delete()

    def test_a_field_of_another_type_is_found_before_anything_changes(self, table, new_dataset):
        dataset = new_dataset(table)
        dataset.delete_sample_field("dmos_std")
        dataset.add_sample_field("dmos_std", fo.StringField)
        changed = replace(table, records=tuple(replace(record, target=1.5) for record in table.records))
        with pytest.raises(UsageError, match="'dmos_std' is a StringField, not a FloatField"):
            import_dataset(changed, dataset.name)
        assert dataset.values("dmos") == [record.target for record in table.records]

    @pytest.mark.parametrize("field", ["id", "filepath", "ref_path", "deepmse", "nr_std", "_mos", "a.b", "$mos", ""])
    def test_opinions_in_a_field_of_something_else_are_refused(self, table, field):
        with pytest.raises(UsageError, match="opinions cannot be in a field"):
            import_dataset(replace(table, target_field=field), "views-target")
        assert not fo.dataset_exists("views-target")


def test_a_killed_process_is_told_from_a_running_one(dataset):
    """The run of a process that is still there stays as it is."""
    work = iter(ScoringJob(dataset, ["psnr"], device="cpu"))
    next(work)
    compute_full_reference(dataset, "ssim", device="cpu")
    assert dataset.get_run_info("psnr_1").config.status == "running"
    work.close()
    assert dataset.get_run_info("psnr_1").config.status == "interrupted"
