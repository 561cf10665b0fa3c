"""FiftyOne data through the store, on a real database."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import fiftyone as fo
import numpy as np
import pytest
from deepmse import score_pairs
from deepmse.plugin.errors import UsageError
from deepmse.plugin.store import (
    ScoringJob,
    compute_full_reference,
    compute_no_reference,
    declared_target,
    evaluate_view,
    import_dataset,
    read_table,
    select_group,
    take_snapshot,
)
from fiftyone import ViewField as F
from PIL import Image
from scipy import stats

pytestmark = pytest.mark.integration


def engine_scores(samples: fo.Dataset) -> list[float]:
    pairs = zip(*samples.values(["ref_path", "filepath"]), strict=True)
    return [score.measurements["deepmse"].value for score in score_pairs(pairs, device="cpu")]


class TestImport:
    def test_fields_hold_the_records(self, dataset, table):
        columns = ["filepath", "ref_path", "distortion", "level", "dmos", "dmos_std"]
        expected = [(str(r.dist), str(r.ref), r.distortion, r.level, r.target, r.target_std) for r in table.records]
        assert list(zip(*dataset.values(columns), strict=True)) == expected
        assert dataset.persistent

    def test_dataset_declares_its_target(self, dataset):
        target = declared_target(dataset)
        assert (target.field, target.lower_is_better, target.range) == ("dmos", True, (0, 2))
        assert (target.kind, target.source, target.notes) == ("DMOS", "nobody", ("made up",))
        assert "lower is better" in dataset.get_field("dmos").description

    def test_loading_again_updates_and_adds(self, dataset, table):
        first, *others = table.records
        ids = dataset.values("id")
        changed = (replace(first, target=7.0), *others, replace(first, dist=first.ref, target=8.0))
        again = import_dataset(replace(table, records=changed), dataset.name)
        assert again.values("id")[:6] == ids
        assert again.values("dmos") == [7.0, *(record.target for record in others), 8.0]

    def test_severity_as_target_needs_no_second_field(self, new_dataset, table):
        dataset = new_dataset(replace(table, target_field="level", target_kind="severity"))
        assert declared_target(dataset).field == "level"
        assert isinstance(dataset.get_field("level"), fo.IntField)
        assert not dataset.has_field("level_std")


class TestScores:
    def test_are_those_of_the_engine(self, dataset):
        summary = compute_full_reference(dataset, device="cpu")
        assert (summary.scored, summary.failed, summary.skipped) == (6, 0, 0)
        assert dataset.values("deepmse") == pytest.approx(engine_scores(dataset), rel=1e-6)

    def test_stages_average_to_the_score(self, dataset):
        compute_full_reference(dataset, device="cpu")
        stages = np.array(dataset.values("deepmse_stages"))
        assert stages.shape == (6, 5)
        np.testing.assert_allclose(stages.mean(axis=1), dataset.values("deepmse"), rtol=1e-5)

    def test_error_maps_are_8_bit_images_on_disk(self, dataset):
        compute_full_reference(dataset, device="cpu")
        paths = dataset.values("deepmse_map.map_path")
        assert len(set(paths)) == 6
        for path in paths:
            assert Path(path).is_relative_to(Path(fo.config.default_dataset_dir) / dataset.name)
            with Image.open(path) as image:
                assert image.mode == "L"
        means = [sample["deepmse_map"].get_map().mean() for sample in dataset[:3]]
        assert means == sorted(means), "stronger noise, stronger map"

    def test_are_beside_the_opinions_in_the_sidebar_unless_moved(self, dataset):
        def places(field: str) -> list[str]:
            return [group.name for group in dataset.app_config.sidebar_groups if field in group.paths]

        unreadable = Path(dataset.first().filepath)
        content = unreadable.read_bytes()
        unreadable.write_bytes(b"no image")
        compute_full_reference(dataset, device="cpu", error_maps=False)
        unreadable.write_bytes(content)
        dataset.reload()
        assert places("deepmse") == places("deepmse_error") == ["image quality"]
        for group in dataset.app_config.sidebar_groups:
            group.paths = [path for path in group.paths if path != "deepmse"]
        dataset.app_config.sidebar_groups[-1].paths.append("deepmse")
        mine = dataset.app_config.sidebar_groups[-1].name
        dataset.save()
        compute_full_reference(dataset, device="cpu", error_maps=False)
        dataset.reload()
        assert places("deepmse") == [mine]

    def test_can_be_sorted_by_in_the_app(self, dataset):
        compute_full_reference(dataset, device="cpu", error_maps=False)
        assert "deepmse" in dataset.list_indexes()

    def test_no_maps_when_not_asked_for(self, dataset):
        compute_full_reference(dataset, device="cpu", error_maps=False)
        assert not dataset.has_field("deepmse_map")

    def test_maps_of_an_earlier_run_do_not_stay_with_new_scores(self, dataset):
        compute_full_reference(dataset, device="cpu")
        compute_full_reference(dataset.limit(2), device="cpu", error_maps=False)
        assert [path is None for path in dataset.values("deepmse_map.map_path")] == [True] * 2 + [False] * 4

    def test_agree_with_opinion_as_scipy_says(self, new_dataset, quality):
        dataset = new_dataset(quality)
        compute_full_reference(dataset, device="cpu", error_maps=False)
        scores, targets = dataset.values(["deepmse", quality.target_field])
        (row, *_) = evaluate_view(dataset).rows
        assert row.n == len(quality.records)
        assert row.srcc == pytest.approx(stats.spearmanr(scores, targets).statistic, abs=1e-12)
        assert row.srcc > (0.93 if quality.name == "live_subset" else 0.6)

    def test_maps_are_painted_in_the_pages_colours_unless_somebody_chose_others(self, dataset):
        compute_full_reference(dataset, device="cpu")
        [scale] = dataset.app_config.color_scheme.colorscales
        stops = {stop["value"]: stop["color"] for stop in scale["list"]}
        assert (scale["path"], stops[0], stops[1]) == ("deepmse_map", "rgb(0, 0, 4)", "rgb(252, 255, 164)")
        dataset.app_config.color_scheme.colorscales = [{"path": "deepmse_map", "name": "viridis"}]
        dataset.save()
        compute_full_reference(dataset, device="cpu")
        assert dataset.app_config.color_scheme.colorscales == [{"path": "deepmse_map", "name": "viridis"}]

    def test_words_are_filtered_by_an_index(self, dataset):
        compute_no_reference(dataset, device="cpu")
        assert {"nr", "nr_grade"} <= set(dataset.list_indexes())

    def test_only_missing_leaves_the_others_alone(self, dataset):
        compute_full_reference(dataset, device="cpu")
        ids = dataset.values("id")
        dataset.set_values("deepmse", {ids[0]: None, ids[1]: -1.0}, key_field="id")
        summary = compute_full_reference(dataset, device="cpu", only_missing=True)
        assert (summary.scored, summary.skipped) == (1, 5)
        first, second, *_ = dataset.values("deepmse")
        assert first == pytest.approx(engine_scores(dataset)[0], rel=1e-6)
        assert second == -1.0
        compute_full_reference(dataset, device="cpu")
        assert dataset.values("deepmse") == pytest.approx(engine_scores(dataset), rel=1e-6)

    def test_only_the_view_is_scored(self, dataset):
        compute_full_reference(dataset.match(F("level") == 2), device="cpu")
        assert [score is not None for score in dataset.values("deepmse")] == [False, True, False] * 2

    def test_relative_references_are_found_beside_the_image_and_in_the_media_folder(self, dataset):
        expected = engine_scores(dataset)
        names = [Path(path).name for path in dataset.values("ref_path")]
        dataset.set_values("ref_path", names)
        compute_full_reference(dataset, device="cpu")
        assert dataset.values("deepmse") == pytest.approx(expected, rel=1e-6)

        media = Path(fo.config.default_dataset_dir) / dataset.name
        (media / "originals").mkdir(parents=True)
        for path in {Path(path).parent / name for path, name in zip(dataset.values("filepath"), names, strict=True)}:
            (media / "originals" / path.name).write_bytes(path.read_bytes())
        dataset.set_values("ref_path", [f"originals/{name}" for name in names])
        compute_full_reference(dataset, device="cpu")
        assert dataset.values("deepmse") == pytest.approx(expected, rel=1e-6)

    def test_grouped_datasets_are_scored_as_flat_ones(self, dataset):
        grouped = fo.Dataset(f"{dataset.name}-grouped")
        grouped.add_group_field("group", default="distorted")
        samples = []
        for path, reference in zip(*dataset.values(["filepath", "ref_path"]), strict=True):
            group = fo.Group()
            samples += [
                fo.Sample(filepath=path, group=group.element("distorted")),
                fo.Sample(filepath=reference, group=group.element("reference")),
            ]
        grouped.add_samples(samples, progress=False)

        part = grouped.limit(2)
        assert compute_full_reference(part, device="cpu").scored == 2
        assert compute_full_reference(grouped, device="cpu", only_missing=True).skipped == 2

        distorted, references = (grouped.select_group_slices(name) for name in ("distorted", "reference"))
        assert distorted.values("deepmse") == pytest.approx(engine_scores(dataset), rel=1e-6)
        assert references.values("deepmse") == [None] * 6
        distorted.set_values("mos", [3.0, 2.0, 1.0] * 2)
        (row,) = evaluate_view(grouped, "mos").rows
        assert (row.n, row.n_missing) == (6, 6)
        assert row.srcc > 0.5
        with pytest.raises(UsageError, match="no slice 'left'"):
            compute_full_reference(grouped, ref_slice="left", device="cpu")
        grouped.delete()


class TestFailures:
    def test_unusable_images_get_a_reason_and_no_score(self, dataset, tmp_path):
        paths = dataset.values("filepath")
        Path(paths[1]).write_bytes(b"no image")
        Path(paths[4]).unlink()
        dataset.set_values("ref_path", {dataset.values("id")[5]: None}, key_field="id")
        summary = compute_full_reference(dataset, device="cpu")
        assert (summary.scored, summary.failed) == (3, 3)
        assert [score is None for score in dataset.values("deepmse")] == [False, True, False, False, True, True]
        errors = dataset.values("deepmse_error")
        assert [error is None for error in errors] == [True, False, True, True, False, False]
        # One value a kind of reason, so that the sidebar filters by it.
        assert errors[1] == "not an image that can be read"
        assert errors[4] == "no such file"
        assert "reference" in errors[5]

    def test_details_are_in_the_run_and_not_in_the_field(self, dataset):
        first, second, *_ = map(Path, dataset.values("filepath"))
        first.write_bytes(first.read_bytes()[:900])
        second.write_bytes(second.read_bytes()[:700])
        summary = compute_full_reference(dataset, device="cpu")
        assert summary.errors == (("damaged or truncated", 2),)
        assert dataset.count_values("deepmse_error") == {None: 4, "damaged or truncated": 2}
        [kept, *_] = dataset.get_run_info("deepmse_1").config.errors
        assert kept["reason"].startswith("damaged or truncated: ")

    def test_the_same_reason_in_many_files_counts_as_one(self, dataset):
        for path in dataset.values("filepath")[:4]:
            Path(path).unlink()
        summary = compute_full_reference(dataset, device="cpu")
        assert summary.errors == (("no such file", 4),)

    def test_a_rerun_clears_what_is_stale(self, dataset):
        compute_full_reference(dataset, device="cpu")
        path = Path(dataset.first().filepath)
        content = path.read_bytes()
        path.write_bytes(b"no image")
        compute_full_reference(dataset, device="cpu")
        assert dataset.values(["deepmse", "deepmse_stages", "deepmse_map.map_path"])[0][0] is None
        assert [column[0] for column in dataset.values(["deepmse_stages", "deepmse_map.map_path"])] == [None, None]
        path.write_bytes(content)
        compute_full_reference(dataset, device="cpu")
        assert not dataset.has_field("deepmse_error")
        assert None not in dataset.values("deepmse")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"ref_field": "nowhere"}, "no text field 'nowhere'"),
            ({"ref_field": "dmos"}, "no text field 'dmos'"),
            ({"metric": "nonsense"}, "no metric 'nonsense'"),
            ({"batch_size": 0}, "batch size"),
        ],
    )
    def test_wrong_requests_are_refused(self, dataset, arguments, message):
        with pytest.raises(UsageError, match=message):
            compute_full_reference(dataset, **{"device": "cpu", **arguments})
        assert not dataset.has_field("deepmse")
        assert dataset.list_runs() == []

    def test_patches_are_refused(self, dataset):
        boxes = [fo.Detection(label="x", bounding_box=[0, 0, 0.5, 0.5]) for _ in range(6)]
        dataset.set_values("boxes", [fo.Detections(detections=[box]) for box in boxes])
        with pytest.raises(UsageError, match="whole images"):
            compute_full_reference(dataset.to_patches("boxes"), device="cpu")


class TestRuns:
    def test_record_what_decides_the_scores(self, dataset):
        Path(dataset.first().filepath).unlink()
        view = dataset.match(F("level") < 3)
        summary = compute_full_reference(view, device="cpu", batch_size=2)
        config = dataset.get_run_info(summary.run_key).config
        assert (config.method, config.metric, config.status) == ("image_quality", "deepmse", "completed")
        assert config.source == {"ref_field": "ref_path"}
        assert config.counts == {"scored": 3, "failed": 1, "skipped": 0}
        assert config.errors == [{"reason": "no such file", "count": 1}]
        assert config.started <= config.finished
        assert config.engine["device"] == "cpu"
        assert len(config.engine["metrics"]["deepmse"]["weights"]["sha256"]) == 64
        assert config.engine["metrics"]["deepmse"]["policy"]["name"] == "resize-256"
        assert set(config.engine["versions"]) >= {"python", "torch"}
        assert dataset.load_run_view(summary.run_key).values("id") == view.values("id")

    def test_are_kept_apart(self, dataset):
        keys = [compute_full_reference(dataset, device="cpu", error_maps=False).run_key for _ in range(2)]
        assert keys == ["deepmse_1", "deepmse_2"]
        assert dataset.list_runs() == keys

    def test_that_are_stopped_keep_their_scores(self, dataset, monkeypatch):
        monkeypatch.setattr(f"{ScoringJob.__module__}._FLUSH_ITEMS", 2)
        work = iter(ScoringJob(dataset, ["deepmse"], device="cpu"))
        assert next(work).done == 0
        assert next(work).done == 2
        work.close()
        assert sum(score is not None for score in dataset.values("deepmse")) == 2
        config = dataset.get_run_info("deepmse_1").config
        assert (config.status, config.counts["scored"]) == ("interrupted", 2)

    def test_that_are_killed_keep_their_scores(self, dataset):
        script = f"""
import time
import fiftyone as fo
from fiftyone.core.collections import SampleCollection
from deepmse.plugin.engine.scorer import Scorer
from deepmse.plugin.store import ScoringJob

class Slow(Scorer):
    def run(self, items):
        for score in super().run(items):
            yield score
            time.sleep(0.6)

job = ScoringJob(fo.load_dataset({dataset.name!r}), ['deepmse'], scorer=Slow(device="cpu"))
for state in job:
    print(state.done, flush=True)
"""
        with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
            done = next(int(line) for line in process.stdout if line.strip().isdigit() and int(line) > 0)
            os.kill(process.pid, signal.SIGKILL)
        dataset.reload()
        scores = dataset.values("deepmse")
        assert sum(score is not None for score in scores) >= done > 0
        assert None in scores
        assert dataset.get_run_info("deepmse_1").config.status == "running"
        compute_full_reference(dataset, device="cpu", only_missing=True)
        config = dataset.get_run_info("deepmse_1").config
        assert (config.status, config.reason) == ("interrupted", f"its process {process.pid} ended without a word")
        assert dataset.get_run_info("deepmse_2").config.status == "completed"


def test_what_a_snapshot_reads_later_is_of_the_same_samples(dataset, monkeypatch):
    paths, levels = dataset.values(["filepath", "level"])
    snapshot = take_snapshot(dataset)
    assert snapshot.columns(["filepath"]) == [paths]
    read = fo.Dataset.values
    monkeypatch.setattr(fo.Dataset, "values", lambda self, fields: [column[::-1] for column in read(self, fields)])
    assert snapshot.columns(["level", "filepath"]) == [levels, paths]


class TestAgreement:
    @pytest.fixture
    def scored(self, dataset):
        dataset.add_sample_field("deepmse", fo.FloatField)
        dataset.set_values("deepmse", [1.0, 2.0, 4.0, 1.5, 2.5, None])
        dataset.set_values("distortion", ["a", "a", "a", None, "", "b"])
        return dataset

    def test_groups_are_counted_as_they_are_selected(self, scored):
        rows = evaluate_view(scored, breakdown="distortion").rows
        assert [(row.group, row.n) for row in rows] == [("all", 5), ("a", 3), ("b", 0), ("(none)", 2)]
        selected = [len(select_group(scored.view(), "distortion", row.group)) for row in rows[1:]]
        assert selected == [row.n + row.n_missing for row in rows[1:]] == [3, 1, 2]

    def test_whole_numbers_and_flags_can_be_broken_down_by(self, scored):
        scored.set_values("flag", [True, False, False, True, True, True])
        assert select_group(scored.view(), "level", "2").values("level") == [2, 2]
        assert len(select_group(scored.view(), "flag", "False")) == 2

    def test_a_wrong_direction_shows_as_a_negative_correlation(self, scored):
        declared, reversed_ = (evaluate_view(scored, lower_is_better=lower).rows[0].srcc for lower in (None, False))
        assert declared == -reversed_
        assert declared > 0.8

    def test_a_field_that_is_not_declared_is_turned_by_its_name_alone(self, scored):
        declared = evaluate_view(scored).rows[0].srcc
        scored.set_values("DMOS_again", scored.values("dmos"))
        scored.set_values("mos", scored.values("dmos"))
        assert evaluate_view(scored, "DMOS_again").rows[0].srcc == declared
        assert evaluate_view(scored, "mos").rows[0].srcc == -declared

    def test_missing_values_are_nan(self, scored):
        table = read_table(scored)
        assert np.isnan(table.scores["deepmse"][5])
        assert table.ids == scored.values("id")

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"target": "filepath"}, "no numeric field 'filepath'"),
            ({"target": "deepmse"}, "no numeric field 'deepmse'"),
            ({"metrics": ["dmos"]}, "known metric in 'dmos'"),
            ({"breakdown": "dmos"}, "'dmos' to group by"),
        ],
    )
    def test_wrong_requests_are_refused(self, scored, arguments, message):
        with pytest.raises(UsageError, match=message):
            evaluate_view(scored, **arguments)

    def test_no_scores_is_said(self, dataset):
        with pytest.raises(UsageError, match="no scores"):
            evaluate_view(dataset)
