"""The operators as FiftyOne loads and runs them."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import fiftyone as fo
import fiftyone.operators as foo
import pytest
import yaml
from deepmse.plugin.learning import learnt
from deepmse.plugin.learning.convnext.model import save, started
from deepmse.plugin.learning.trained import Standard
from deepmse.plugin.store import compute_no_reference
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
        fields = ["filepath", "deepmse", "deepmse_stages", "deepmse_error"]
        assert immediate.values(fields) == delegated.values(fields)
        assert None not in immediate.values("deepmse")
        maps = [dataset.values("deepmse_map.map_path") for dataset in (immediate, delegated)]
        assert all(Path(one).read_bytes() == Path(other).read_bytes() for one, other in zip(*maps, strict=True))

    def test_immediate_run_reports_progress_and_result(self, compute, context, dataset):
        Path(dataset.first().filepath).unlink()
        said = messages(compute, context())
        names = [name for name, _ in said]
        assert names[-2:] == ["reload_dataset", "show_output"]
        progress = [params["progress"] for name, params in said if name == "set_progress"]
        assert progress == sorted(progress)
        assert (progress[0], progress[-1]) == (0, 1)
        assert said[-3][1]["label"] == "6 of 6 images done, 1 failed"
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
            return offered, properties["lacking"].view.description if "lacking" in properties else ""

        offered, lacking = form()
        assert {"deepmse", "psnr", "ssim"} <= set(offered)  # DeepMSE by the fallback's weights.
        assert "deepdc" not in offered
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
        note = compute.resolve_type(ctx, "inputs").type.properties["note"].view
        assert "fiftyone delegated launch" in note.description


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
        assert dataset.values("nr_error") == [None] * 6

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
        assert groups["image quality"] == [f"sharpness{ending}" for ending in ("", "_grade", "_std", "_error")]
        assert "sharpness" not in groups["primitives"]

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
        assert {"advanced", "epochs"}.isdisjoint(form())
        labelled.set_values("ref_path", ["one.png", "two.png"] * 19 + [None] * 2)
        shown = form(family="three-branch")
        assert shown["family"].type.values == ["gaussian-process", "finetuned", "convnext", "three-branch"]
        assert "1 of 30 labelled images have no reference" in shown["problem"].view.description
        assert "epochs" not in shown
        opened = form(family="finetuned", advanced=True)
        assert (opened["epochs"].default, opened["batch_size"].default) == (15, 16)
        wrong = form(family="finetuned", advanced=True, learning_rate=-1)
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
        assert form("compute_no_reference")["model"].view.choices == []
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
