"""The operators as FiftyOne loads and runs them."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from uuid import uuid4
from xml.etree import ElementTree

import fiftyone as fo
import fiftyone.operators as foo
import pytest
import yaml
from deepmse.plugin.learning import learnt
from deepmse.plugin.learning.convnext.model import save, started
from deepmse.plugin.learning.trained import Standard
from deepmse.plugin.store import compute_no_reference, trained_models, undoable_runs
from deepmse.plugin.store.config import datasets_dir
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone.operators.executor import ExecutionContext, ExecutionError, Executor
from fiftyone.operators.registry import OperatorRegistry
from fiftyone.plugins.context import build_plugin_contexts
from PIL import Image, ImageFilter
from scipy import stats

from ..conftest import photo_like

pytestmark = pytest.mark.integration

PLUGIN = "@deepmse/image-quality"
MANIFEST = Path(__file__).parents[2] / "fiftyone.yml"
UNSEEN = ["srcc", "krcc", "plcc"]
"""Metrics of evaluations, which the App lists nowhere by a picture."""


@pytest.fixture
def compute() -> foo.Operator:
    return foo.get_operator(f"{PLUGIN}/compute_full_reference")


@pytest.fixture
def evaluate() -> foo.Operator:
    return foo.get_operator(f"{PLUGIN}/evaluate_quality")


@pytest.fixture
def context(dataset: fo.Dataset) -> Callable[..., ExecutionContext]:
    def make(**request) -> ExecutionContext:
        params = {"device": "cpu", **request.pop("params", {})}
        return ExecutionContext({"dataset_name": dataset.name, "params": params, **request}, executor=Executor())

    return make


def messages(operator: foo.Operator, ctx: ExecutionContext) -> list[tuple[str, dict]]:
    """What an immediate run tells the App."""
    return [(message.body.operator_uri, message.body.params) for message in operator.execute(ctx)]


def problem(operator: foo.Operator, ctx: ExecutionContext) -> str | None:
    """What the form says is wrong."""
    properties = operator.resolve_type(ctx, "inputs").type.properties
    return properties["problem"].view.description if "problem" in properties else None


def undo_all(undo: foo.Operator, dataset: fo.Dataset) -> str:
    """Undo every run, the newest first; what is gone."""
    gone = ""
    while runs := undoable_runs(dataset):
        gone += str(undo(dataset, runs[0]))
        dataset.reload()
    return gone


class TestRegistration:
    def test_manifest_and_plugin_name_the_same(self):
        manifest = yaml.safe_load(MANIFEST.read_text())
        (context,) = [context for context in build_plugin_contexts() if context.name == PLUGIN]
        assert context.errors == []
        panels = [instance.name for instance in context.instances if isinstance(instance, foo.Panel)]
        operators = [instance.name for instance in context.instances if instance.name not in panels]
        assert operators == manifest["operators"]
        assert panels == manifest["panels"]
        assert manifest["name"] == PLUGIN

    def test_each_has_a_picture_in_both_themes(self):
        names = yaml.safe_load(MANIFEST.read_text())["operators"]
        configs = [OperatorRegistry().get_operator(f"{PLUGIN}/{name}").config for name in names]
        icons = [(config.light_icon or config.icon, config.dark_icon or config.icon) for config in configs]
        assert [name for name, (*both,) in zip(names, icons, strict=True) if not all(both)] == UNSEEN
        drawings = [MANIFEST.parent / icon.strip("/") for both in icons for icon in both if icon and "/" in icon]
        assert {ElementTree.parse(path).getroot().tag for path in drawings} == {"{http://www.w3.org/2000/svg}svg"}
        assert len(set(drawings)) == 4

    def test_listing_operators_loads_no_torch(self):
        script = f"""
import sys
import fiftyone.operators as foo
assert foo.operator_exists("{PLUGIN}/compute_full_reference")
print("torch" in sys.modules)
"""
        result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
        assert result.stdout.split()[-1] == "False"

    @pytest.mark.parametrize(("name", "risk"), [("compute_full_reference", "medium"), ("evaluate_quality", "low")])
    def test_risk_is_declared(self, name, risk):
        assert OperatorRegistry().get_operator(f"{PLUGIN}/{name}").risk_level.value == risk


class TestComputeFullReference:
    def test_immediate_and_delegated_runs_write_the_same(self, compute, new_dataset, quality):
        immediate, delegated = new_dataset(quality), new_dataset(quality)
        compute(immediate, device="cpu")

        queued = compute(delegated, delegate=True, device="cpu")
        assert queued.delegated
        assert not delegated.has_field("deepmse")
        service = DelegatedOperationService()
        service.execute_queued_operations(operator=compute.uri, limit=1)
        operation = service.get(queued.result["id"])
        assert operation.run_state == "completed", operation.result
        assert operation.status.progress == 1
        assert operation.result.result["metrics"][0]["scored"] == len(quality.records)

        immediate.reload()
        delegated.reload()
        fields = ["filepath", "deepmse", "deepmse_stages"]
        assert not immediate.has_field("deepmse_error")
        assert immediate.values(fields) == delegated.values(fields)
        assert None not in immediate.values("deepmse")
        maps = [dataset.values("deepmse_map.map_path") for dataset in (immediate, delegated)]
        assert all(Path(one).read_bytes() == Path(other).read_bytes() for one, other in zip(*maps, strict=True))

    def test_immediate_run_reports_progress_and_result(self, compute, context, dataset):
        Path(dataset.first().filepath).unlink()
        said = messages(compute, context())
        names = [name for name, _ in said]
        assert names[-3:] == ["reload_dataset", f"{PLUGIN}/arrange_sidebar", "show_output"]
        assert any("deepmse" in group["paths"] for group in said[-2][1]["groups"] if group["name"] == "image quality")
        progress = [params["progress"] for name, params in said if name == "set_progress"]
        assert progress == sorted(progress)
        assert (progress[0], progress[-1]) == (0, 1)
        assert said[-4][1]["label"] == "6 of 6 images done, 1 failed"
        [results] = said[-1][1]["results"]["metrics"]
        assert (results["scored"], results["failed"], results["errors"]) == (5, 1, (("no such file", 1),))
        assert results["agreement"]["n"] == 5
        assert "1 × no such file" in str(said[-1][1]["outputs"])

    def test_view_target_limits_what_is_scored(self, compute, context, dataset):
        chosen = sorted(dataset.values("id")[2:4])
        messages(compute, context(selected=chosen, view_target="SELECTED_SAMPLES"))
        assert sorted(dataset.exists("deepmse").values("id")) == chosen
        view = dataset.limit(1)
        messages(compute, context(view=view._serialize(), view_target="CURRENT_VIEW"))
        assert set(dataset.exists("deepmse").values("id")) == {dataset.first().id, *chosen}

    def test_settings_reach_the_run(self, compute, dataset, tmp_path):
        compute(dataset, device="cpu", error_maps=False, batch_size=3, only_missing=True)
        dataset.reload()
        config = dataset.get_run_info("deepmse_1").config
        assert (config.only_missing, config.map_dir) == (True, None)
        with pytest.raises(ExecutionError, match=r"nothing\.pth"):
            compute(dataset, device="cpu", weights=str(tmp_path / "nothing.pth"))

    def test_form_says_what_is_wrong(self, compute, context, dataset):
        assert problem(compute, context()) is None
        assert "no text field 'nowhere'" in problem(compute, context(params={"ref_field": "nowhere"}))
        empty = dataset.match({"level": 99})
        assert "no samples" in problem(compute, context(view=empty._serialize()))
        with pytest.raises(ExecutionError):
            compute(dataset, ref_field="nowhere")

    def test_form_offers_what_can_be_computed_here_and_says_what_the_rest_lacks(
        self, compute, context, monkeypatch, tmp_path
    ):
        monkeypatch.setenv("DEEPMSE_WEIGHTS", str(tmp_path))
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))

        def form(**params):
            properties = compute.resolve_type(context(params=params), "inputs").type.properties
            offered = [choice.value for choice in properties["metrics"].view.choices]
            told = properties["metrics"].view.description
            return offered, told + (properties["lacking"].view.description if "lacking" in properties else "")

        offered, lacking = form()
        assert {"deepmse", "psnr", "ssim"} <= set(offered)  # DeepMSE by the fallback's weights.
        assert "deepdc" not in offered
        assert "Not here: " in lacking
        assert "torchvision VGG-19" not in lacking  # Folded away.
        _, lacking = form(settings=True)
        assert "DeepDC: no weights of torchvision VGG-19, ImageNet-1k v1 here: on a machine with" in lacking
        assert "deepdc" in form(weights=str(tmp_path))[0]

    def test_weights_that_are_missing_are_one_sentence(self, compute, context, monkeypatch, tmp_path):
        monkeypatch.setenv("DEEPMSE_WEIGHTS", str(tmp_path))
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        run = compute.execute(context(params={"metrics": ["pieapp"]}))
        shown = next(run).body
        assert shown.operator_uri == "show_output"
        assert "no weights of PieAPP 0.1 here: put https://github.com" in str(shown.params["outputs"])
        assert "Tried" not in str(shown.params["outputs"])
        with pytest.raises(Exception, match="no weights for PieAPP"):
            next(run)

    def test_form_of_a_grouped_dataset_asks_for_slices(self, compute, dataset):
        grouped = fo.Dataset(f"{dataset.name}-grouped")
        grouped.add_group_field("group", default="distorted")
        group = fo.Group()
        paths = zip(("distorted", "reference"), dataset.values("filepath"), strict=False)
        grouped.add_samples([fo.Sample(filepath=path, group=group.element(name)) for name, path in paths])
        ctx = ExecutionContext({"dataset_name": grouped.name, "params": {}}, executor=Executor())
        properties = compute.resolve_type(ctx, "inputs").type.properties
        assert [properties[name].default for name in ("ref_slice", "dist_slice")] == ["reference", "distorted"]
        assert "ref_field" not in properties
        assert "problem" not in properties
        grouped.delete()

    def test_many_samples_are_delegated_by_default(self, compute, context, dataset):
        assert not compute.resolve_execution_options(context()).default_choice_to_delegated
        reference = dataset.first().ref_path
        samples = [fo.Sample(filepath=f"/nowhere/{number}.png", ref_path=reference) for number in range(2000)]
        dataset.add_samples(samples, progress=False)
        ctx = context()
        assert compute.resolve_execution_options(ctx).default_choice_to_delegated
        note = compute.resolve_type(ctx, "inputs").type.properties["plan"].view
        assert note.label.startswith("Scores 2,006 images: ")
        assert "fiftyone delegated launch" in note.description


class TestWorstImages:
    """The way from a result to the worst images: what its buttons send is what these operators take."""

    @pytest.fixture
    def scored(self, context, dataset):
        operator = foo.get_operator(f"{PLUGIN}/compute_no_reference")
        said = messages(operator, context(view=dataset.limit(4)._serialize(), view_target="CURRENT_VIEW"))
        dataset.reload()
        return said[-1][1]

    def buttons(self, outputs: dict) -> dict[str, dict]:
        row = outputs["type"]["properties"]["next_0"]["type"]["properties"]
        return {button["view"]["label"]: button["view"] for button in row.values()}

    def test_the_result_counts_the_grades(self, scored, dataset):
        [metric] = scored["results"]["metrics"]
        assert metric["spread"]["grades"] == {
            grade: count for grade, count in dataset.count_values("nr_grade").items() if grade
        }
        assert sum(metric["spread"]["counts"]) == 4

    def test_its_buttons_show_and_tag_the_worst_of_what_was_scored(self, scored, context, dataset):
        buttons = self.buttons(scored["outputs"])
        assert list(buttons) == ["Show the worst first", "Tag the worst…", "Open the panel"]
        show, tag, _ = buttons.values()
        operator = foo.get_operator(show["operator"])
        ctx = context(params=show["params"])
        assert operator.execute(ctx) == {}
        [shown] = [each for each in ctx.executor.to_json()["requests"] if each["operator_uri"] == "set_view"]
        view = fo.DatasetView._build(dataset, shown["params"]["view"])
        scores = [score for score in dataset.values("nr") if score is not None]
        assert view.values("nr") == sorted(scores)

        operator = foo.get_operator(tag["operator"])
        assert tag["prompt"]
        form = operator.resolve_type(context(params=tag["params"]), "inputs").type.properties
        assert form["tag"].default == "bad quality"
        done = operator.execute(context(params={**tag["params"], "choice": "the worst 5 %", "tag": "out"}))
        assert done == {"number": 1, "tag": "out"}
        assert dataset.match_tags("out").values("nr") == [min(scores)]

    def test_the_direction_of_the_score_decides_what_is_worst(self, compute, dataset):
        compute(dataset, device="cpu", error_maps=False)
        tag = foo.get_operator(f"{PLUGIN}/tag_worst_images")
        assert tag(dataset, "deepmse", "the worst 5 %") == 1
        assert dataset.match_tags("bad quality").values("deepmse") == [max(dataset.values("deepmse"))]
        with pytest.raises(Exception, match="no choice 'graded bad'"):
            tag(dataset, "deepmse", "graded bad")
        with pytest.raises(Exception, match="no scores of a known metric in 'level'"):
            tag(dataset, "level", "the worst 5 %")


class TestComputeNoReference:
    def test_scores_images_without_a_reference(self, context, dataset):
        dataset.set_values("ref_path", [None] * len(dataset))
        operator = foo.get_operator(f"{PLUGIN}/compute_no_reference")
        assert problem(operator, context()) is None
        said = messages(operator, context())
        [results] = said[-1][1]["results"]["metrics"]
        assert (results["metric"], results["scored"], results["failed"]) == ("nr", 6, 0)
        dataset.reload()
        assert all(0 <= score <= 100 for score in dataset.values("nr"))
        assert all(deviation > 0 for deviation in dataset.values("nr_std"))
        assert set(dataset.values("nr_grade")) <= {"bad", "poor", "fair", "good", "excellent"}
        assert set(dataset.values("nr_domain")) <= {"in", "near", "out"}
        assert not dataset.has_field("nr_error")

    def test_scores_by_the_file_of_a_trained_network(self, dataset, tmp_path):
        path = tmp_path / "mine.safetensors"
        network, _ = started("atto", 64, scratch=True)
        save(path, network.state_dict(), network, Standard(50.0, 10.0), {})
        foo.get_operator(f"{PLUGIN}/compute_no_reference")(dataset, model=str(path), device="cpu")
        assert all(0 < score < 100 for score in dataset.values("mine"))
        assert set(dataset.values("mine_grade")) <= {"bad", "poor", "fair", "good", "excellent"}

    def test_what_the_model_learnt_from_is_told(self, dataset, evaluate, monkeypatch, tmp_path):
        monkeypatch.setattr(learnt, "_PACKAGED", tmp_path)
        paths = [Path(path) for path in dataset.values("filepath")]
        learnt.remember(tmp_path / "nr.safetensors", paths[:3])
        note = "nr learnt from 3 of these 6 images"
        assert note in compute_no_reference(dataset, device="cpu").warnings[-1]
        dataset.reload()
        assert dataset.values("nr_learnt") == [True] * 3 + [False] * 3
        assert dataset.load_saved_view("new to nr").values("filepath") == [str(path) for path in paths[3:]]
        assert note in evaluate(dataset)["notes"][0]
        assert evaluate(dataset.load_saved_view("new to nr"))["notes"] == []

    def test_every_slice_of_a_grouped_dataset_is_scored_unless_one_is_named(self, dataset):
        operator = foo.get_operator(f"{PLUGIN}/compute_no_reference")
        grouped = fo.Dataset(f"{dataset.name}-grouped")
        grouped.add_group_field("group", default="left")
        paths = dataset.values("filepath")
        for pair in zip(paths[::2], paths[1::2], strict=True):
            group = fo.Group()
            grouped.add_samples(
                [
                    fo.Sample(filepath=path, group=group.element(name))
                    for name, path in zip(("left", "right"), pair, strict=True)
                ]
            )
        operator(grouped, slice_name="right", device="cpu")
        everything = grouped.select_group_slices(["left", "right"])
        assert everything.exists("nr").values("group.name") == ["right"] * 3
        operator(grouped, device="cpu", only_missing=True)
        assert None not in everything.values("nr")
        config = grouped.get_run_info("nr_2").config
        assert (config.source, config.counts["skipped"]) == ({"slices": "left, right"}, 3)
        grouped.delete()


class TestEvaluateQuality:
    @pytest.fixture
    def scored(self, dataset):
        dataset.add_sample_field("deepmse", fo.FloatField)
        dataset.set_values("deepmse", [1.0, 2.0, 4.0, 1.5, 2.5, 2.25])
        return dataset

    def test_table_is_that_of_scipy(self, evaluate, scored):
        rows = evaluate(scored, breakdown="distortion")["rows"]
        assert [(row["group"], row["n"]) for row in rows] == [("all", 6), ("white noise", 6)]
        scores, targets = scored.values(["deepmse", "dmos"])
        assert rows[0]["srcc"] == pytest.approx(stats.spearmanr(scores, targets).statistic)
        assert rows[0]["krcc"] == pytest.approx(stats.kendalltau(scores, targets).statistic)

    def test_runs_in_the_app(self, evaluate, scored, context):
        ctx = context(params={"target": "dmos", "metrics": ["deepmse"], "direction": "higher"})
        result = evaluate.execute(ctx)
        assert result["rows"][0]["srcc"] == -evaluate(scored)["rows"][0]["srcc"]
        ctx.request_params["results"] = result
        shown = evaluate.resolve_type(ctx, "outputs").to_json()["type"]["properties"]
        table = shown["rows"]["view"]
        assert "disagrees with the target" in shown["disagreement"]["view"]["label"]
        assert [column["key"] for column in table["columns"]][:4] == ["metric", "group", "n", "srcc"]

    def test_form_takes_the_declared_target_and_direction(self, evaluate, scored, context):
        properties = evaluate.resolve_type(context(), "inputs").type.properties
        assert (properties["target"].default, properties["direction"].default) == ("dmos", "lower")
        properties = evaluate.resolve_type(context(params={"target": "level"}), "inputs").type.properties
        assert properties["direction"].default == "lower"

    def test_what_stops_it_is_shown_in_words(self, evaluate, scored, context):
        ctx = context(params={"target": "dmos", "save_as": "no name"})
        ctx.request_params["results"] = evaluate.execute(ctx)
        shown = evaluate.resolve_type(ctx, "outputs").to_json()["type"]["properties"]["failure"]["view"]
        assert (shown["label"], "no name" in shown["description"]) == ("Not completed", True)

    def test_form_says_that_there_are_no_scores(self, evaluate, context):
        assert "no scores" in problem(evaluate, context())


class TestTrainQualityModel:
    @pytest.fixture
    def labelled(self, tmp_path) -> Iterator[fo.Dataset]:
        """Forty photographs, blurred more and more; every fourth has no label."""
        samples = []
        for number in range(40):
            clean = Image.fromarray(photo_like(number % 10, 240, 240))
            path = tmp_path / f"{number}.png"
            clean.filter(ImageFilter.GaussianBlur(number / 8)).save(path)
            samples.append(fo.Sample(filepath=str(path), sharp=None if number % 4 == 3 else 5 - number / 8))
        dataset = fo.Dataset(f"deepmse-test-{uuid4().hex}")
        dataset.add_samples(samples, progress=False)
        yield dataset
        dataset.delete()

    @pytest.fixture
    def train(self) -> foo.Operator:
        return foo.get_operator(f"{PLUGIN}/train_quality_model")

    def test_learns_labels_and_scores_the_rest(self, train, labelled):
        train(labelled, "sharp", "sharpness", device="cpu")
        labelled.reload()
        scores, labels = labelled.values(["sharpness", "sharp"])
        assert None not in scores
        blurs = list(range(40))
        assert stats.spearmanr(scores, blurs).statistic < -0.8
        assert labels.count(None) == 10
        assert set(labelled.values("sharpness_grade")) <= {"bad", "poor", "fair", "good", "excellent"}
        view = labelled.load_saved_view("label next for sharpness")
        assert set(view.values("sharp")) == {None}
        deviations = view.values("sharpness_std")
        assert deviations == sorted(deviations, reverse=True)
        assert set(labelled.list_runs()) == {"sharpness_1", "sharpness_2"}
        groups = {group.name: group.paths for group in labelled.app_config.sidebar_groups}
        assert groups["image quality"] == [f"sharpness{ending}" for ending in ("", "_grade", "_std", "_learnt")]
        assert "sharpness" not in groups["primitives"]

    def test_learns_from_words_whose_numbers_are_kept_in_a_field(self, train, labelled):
        words = ["bad" if each < 2.5 else "good" for each in (label or 0 for label in labelled.values("sharp"))]
        labelled.set_values(
            "verdict",
            [None if label is None else word for label, word in zip(labelled.values("sharp"), words, strict=True)],
        )
        with pytest.raises(ExecutionError, match="two words with different numbers"):
            train(labelled, "verdict", "mine", words={"good": 1}, device="cpu")
        train(labelled, "verdict", "mine", words={"good": 80, "bad": 20}, device="cpu")
        labelled.reload()
        expected = {"good": 80, "bad": 20, None: None}
        assert labelled.values("mine_label") == [expected[word] for word in labelled.values("verdict")]
        assert None not in labelled.values("mine")

    def test_form_proposes_numbers_for_words_it_knows(self, train, labelled):
        labelled.limit(20).tag_samples("good")
        labelled.skip(20).limit(15).tag_samples(["bad", "v1.0"])

        def form(**params):
            ctx = ExecutionContext({"dataset_name": labelled.name, "params": params}, executor=Executor())
            return train.resolve_type(ctx, "inputs").type.properties

        asked = {name: each for name, each in form(target="tags").items() if name.startswith("number_of_tags")}
        assert {each.view.label: each.default for each in asked.values()} == {
            "“bad” (15 images)": 0,
            "“good” (20 images)": 100,
            "“v1.0” (15 images)": None,
        }
        numbers = {name: each.default for name, each in asked.items() if each.default is not None}
        assert form(target="tags", **numbers)["plan"].view.label.startswith("Learns from 35 labels of 40 images: ")
        assert "problem" in form(target="tags")

    def test_a_second_training_computes_no_features_anew_and_scores_alike(self, train, labelled, monkeypatch):
        train(labelled, "sharp", "sharpness", device="cpu")
        labelled.reload()
        scores = labelled.values("sharpness")
        plugin, _, _ = type(train).__module__.rpartition(".operators")
        features = import_module(f"{plugin}.plugin.learning.gaussian_process.features")
        monkeypatch.setattr(features.FeatureNetwork, "_compute", None)
        train(labelled, "sharp", "sharpness", device="cpu")
        labelled.reload()
        assert labelled.values("sharpness") == scores

    def test_runs_are_undone(self, train, labelled):
        train(labelled, "sharp", "sharpness", device="cpu")
        labelled.reload()
        before = {"id", "filepath", "tags", "metadata", "created_at", "last_modified_at", "sharp"}
        undo = foo.get_operator(f"{PLUGIN}/undo_quality_run")
        ctx = ExecutionContext({"dataset_name": labelled.name, "params": {}}, executor=Executor())
        said = undo.resolve_type(ctx, "inputs").type.properties["gone"].view.description
        assert "`sharpness`" in said
        assert "with 40 scores" in said
        assert "label next for sharpness" in undo_all(undo, labelled)
        assert set(labelled.get_field_schema()) == before
        assert labelled.list_runs() == []
        assert trained_models(labelled) == []
        assert "sharpness" not in labelled.list_indexes()
        with pytest.raises(Exception, match="no run 'sharpness_1' that can be undone"):
            undo(labelled, "sharpness_1")

    def test_scores_of_the_model_are_known_to_the_evaluation(self, train, labelled, evaluate):
        train(labelled, "sharp", "sharpness", device="cpu")
        labelled.reload()
        [row] = evaluate(labelled, target="sharp")["rows"]
        assert row["metric"] == "sharpness"
        assert row["srcc"] > 0.8

    def test_form_says_what_is_wrong(self, train, labelled):
        def problem_with(**params) -> str | None:
            request = {"dataset_name": labelled.name, "params": params}
            return problem(train, ExecutionContext(request, executor=Executor()))

        assert problem_with(target="sharp", name="sharpness") is None
        assert "is a metric's name" in problem_with(target="sharp", name="psnr")
        assert "already" in problem_with(target="sharp", name="sharp")
        labelled.set_values("sharp", [1.0] * 5 + [None] * 35)
        assert "5 samples" in problem_with(target="sharp", name="sharpness")
        labelled.set_values("sharp", list(range(40)))
        labelled.set_values("ref_path", ["one.png"] * 40)
        assert "copies of one.png" in problem_with(target="sharp", name="sharpness")

    def test_validates_by_reference_where_there_are_few(self, train, labelled):
        labelled.set_values("ref_path", [f"{number % 2}.png" for number in range(40)])
        train(labelled, "sharp", "sharpness", device="cpu", apply=False)
        card = json.loads((datasets_dir() / labelled.name / "models" / "sharpness.json").read_text())
        assert card["results"]["protocol"].startswith("2-fold")

    def test_form_offers_the_families_that_suit_the_dataset(self, train, labelled):
        def form(**params) -> dict:
            request = {"dataset_name": labelled.name, "params": {"target": "sharp", "name": "sharpness", **params}}
            return train.resolve_type(ExecutionContext(request, executor=Executor()), "inputs").type.properties

        assert form()["family"].type.values == ["gaussian-process", "finetuned", "convnext"]
        assert "epochs" not in form()
        labelled.set_values("ref_path", ["one.png", "two.png"] * 19 + [None] * 2)
        shown = form(family="three-branch")
        assert shown["family"].type.values == ["gaussian-process", "finetuned", "convnext", "three-branch"]
        assert "1 of 30 labelled images have no reference" in shown["problem"].view.description
        assert "epochs" not in shown
        opened = form(family="finetuned", settings=True)
        assert (opened["epochs"].default, opened["batch_size"].default) == (15, 16)
        wrong = form(family="finetuned", settings=True, learning_rate=-1)
        assert "learning_rate -1: allowed is a number above 0" in wrong["problem"].view.description

    def test_a_network_that_needs_pretrained_parameters_is_not_trained_without(self, train, labelled):
        with pytest.raises(Exception, match="too few to train this network from random parameters, and no weights"):
            train(labelled, "sharp", "next", family="convnext", device="cpu", apply=False)
        assert not list((datasets_dir() / labelled.name / "models").glob("next*"))

    def test_compares_with_references_where_there_are_some(self, train, labelled, evaluate):
        paths = labelled.values("filepath")
        labelled.set_values("ref_path", [paths[number % 10] for number in range(40)])
        labelled.set_values("sharp", [5 - number / 8 for number in range(40)])
        broken = labelled.skip(33).first()
        Path(broken.filepath).write_bytes(b"no image")
        settings = {"epochs": 12, "learning_rate": 3e-3}
        train(labelled, "sharp", "likeness", family="three-branch", device="cpu", apply=False, **settings)
        model = datasets_dir() / labelled.name / "models" / "likeness.safetensors"
        card = json.loads(model.with_suffix(".json").read_text())
        assert card["results"]["rmse_without_fit"] < card["results"]["rmse_of_mean"]
        assert [Path(skipped.partition(": ")[0]).name for skipped in card["skipped"]] == ["33.png"]
        assert not list(model.parent.glob("*.checkpoint*"))

        def form(operator: str, **params) -> dict:
            request = {"dataset_name": labelled.name, "params": params}
            found = foo.get_operator(f"{PLUGIN}/{operator}")
            return found.resolve_type(ExecutionContext(request, executor=Executor()), "inputs").type.properties

        assert [each.value for each in form("compute_full_reference")["model"].view.choices] == [str(model)]
        assert "model" not in form("compute_no_reference")
        mixed = form("compute_no_reference", model=str(model))
        assert "compares with references" in mixed["problem"].view.description
        shown = form("apply_quality_model")
        assert "less than the labels' mean" in str(shown["report"].to_json())
        assert "SRCC, held out" in str(shown["curve"].to_json())
        foo.get_operator(f"{PLUGIN}/compute_full_reference")(labelled, model=str(model), device="cpu")
        labelled.reload()
        assert labelled.values("likeness").count(None) == 1
        [row] = evaluate(labelled, target="sharp")["rows"]
        assert row["metric"] == "likeness"
        assert row["srcc"] > 0.6

    def test_failure_of_an_immediate_run_is_shown(self, train, labelled):
        labelled.set_values("sharp", [1.0] * 40)
        request = {"dataset_name": labelled.name, "params": {"target": "sharp", "name": "sharpness"}}
        said = []
        with pytest.raises(Exception, match="all 40 labels are 1; there is nothing to learn"):
            said.extend(train.execute(ExecutionContext(request, executor=Executor())))
        # A list is extended by what came before the failure.
        last = said[-1].body
        assert last.operator_uri == "show_output"
        assert "all 40 labels are 1; there is nothing to learn" in str(last.params["outputs"])
