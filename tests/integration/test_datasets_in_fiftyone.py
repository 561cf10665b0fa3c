"""Published and made datasets in FiftyOne: by the command, by the operators, again and again."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
import pytest
from deepmse.plugin.datasets import QualityDataset, Record, dataset_info, load
from deepmse.plugin.errors import UsageError
from deepmse.plugin.store import check_name, declared_target, import_dataset
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone.operators.executor import ExecutionContext, Executor
from PIL import Image

from ..unit import layouts

pytestmark = pytest.mark.integration

PLUGIN = "@deepmse/image-quality"


@pytest.fixture
def name() -> Iterator[str]:
    """A name of this test's own; the dataset goes when the test ends."""
    name = f"test-datasets-{os.getpid()}"
    yield name
    if fo.dataset_exists(name):
        fo.delete_dataset(name)


@pytest.fixture
def kadid(tmp_path: Path) -> layouts.Miniature:
    return layouts.build("kadid10k", tmp_path / "kadid")


def groups(dataset: fo.Dataset) -> dict[str, list[str]]:
    return {group.name: list(group.paths) for group in dataset.app_config.sidebar_groups}


def properties(operator: foo.Operator, ctx: ExecutionContext) -> dict[str, Any]:
    return operator.resolve_type(ctx, "inputs").type.properties


def messages(operator: foo.Operator, ctx: ExecutionContext) -> list[tuple[str, dict]]:
    return [(message.body.operator_uri, message.body.params) for message in operator.execute(ctx)]


class TestLoadCommand:
    def test_every_record_becomes_a_sample(self, run, kadid, name):
        result = run("load", "kadid10k", kadid.root, "--dataset", name)
        assert result.status == 0
        assert f"{len(kadid.records)} images in the FiftyOne dataset {name};" in result.out.replace("\n", " ")
        dataset = fo.load_dataset(name)
        assert dataset.persistent
        fields = ["filepath", "ref_path", "distortion", "category", "level", "mos"]
        assert list(zip(*dataset.values(fields), strict=True)) == [
            (str(each.dist), str(each.ref), each.distortion, each.category, each.level, each.target)
            for each in kadid.records
        ]
        assert dataset.values("mos_std") == pytest.approx([each.target_std for each in kadid.records])
        assert "higher is better" in dataset.get_field("mos").description
        declared = declared_target(dataset)
        assert (declared.field, declared.lower_is_better, declared.range) == ("mos", False, (1, 5))
        assert not dataset.has_field("split")
        info = dataset.info["image_quality"]
        published = dataset_info("kadid10k")
        assert (info["licence"], info["citation"]) == (published.licence, published.citation)
        assert (info["loader"], info["root"], info["source"]) == ("kadid10k", str(kadid.root), "KADID-10k")

    def test_again_updates_and_keeps_what_users_added(self, run, kadid, name, monkeypatch):
        assert run("load", "kadid10k", kadid.root, "--dataset", name).status == 0
        dataset = fo.load_dataset(name)
        ids = dataset.values("id")
        dataset.limit(2).tag_samples("mine")
        dataset.save_view("my own", dataset.limit(3))
        dataset.add_sample_field("thumbnail", fo.StringField)
        dataset.app_config.media_fields.append("thumbnail")
        arranged = [group for group in dataset.app_config.sidebar_groups if group.name != "image quality"]
        arranged.append(fo.SidebarGroupDocument(name="my own", paths=["mos", "distortion"]))
        dataset.app_config.sidebar_groups = arranged
        dataset.set_values("mos", [0.0] * len(dataset))
        dataset.save()

        # By another spelling of the same folder.
        (kadid.root / "below").mkdir()
        monkeypatch.chdir(kadid.root / "below")
        assert run("load", "kadid10k", "..", "--dataset", name).status == 0
        dataset.reload()
        assert dataset.values("id") == ids
        assert dataset.values("mos") == [each.target for each in kadid.records]
        assert dataset.values("ref_path") == [str(each.ref) for each in kadid.records]
        assert dataset.match_tags("mine").values("id") == ids[:2]
        assert dataset.load_saved_view("my own").values("id") == ids[:3]
        assert len(dataset.list_saved_views()) == len(set(dataset.list_saved_views()))
        assert dataset.app_config.media_fields == ["filepath", "ref_path", "thumbnail"]
        assert groups(dataset)["my own"] == ["mos", "distortion"]
        assert groups(dataset)["image quality"] == ["mos_std", "category", "level", "ref_path"]

    def test_from_where_the_folder_was_moved_to(self, run, kadid, name, tmp_path):
        assert run("load", "kadid10k", kadid.root, "--dataset", name).status == 0
        dataset = fo.load_dataset(name)
        ids = dataset.values("id")
        dataset.limit(2).tag_samples("mine")
        copied = shutil.copytree(kadid.root, tmp_path / "copy")
        refused = run("load", "kadid10k", copied, "--dataset", name)
        assert refused.status == 2
        said = refused.err.replace("\n", " ")
        assert f"loaded from {kadid.root}, whose images are still there" in said
        assert "--dataset NAME" in said

        moved = kadid.root.rename(tmp_path / "moved")
        layouts.save(moved / "images" / "I01_01_01.png").unlink()
        assert run("load", "kadid10k", moved, "--dataset", name).status == 0
        dataset.reload()
        assert dataset.values("id") == ids
        assert dataset.values("filepath")[1:] == [
            str(moved / "images" / each.dist.name) for each in kadid.records[1:]
        ]
        assert dataset.values("ref_path")[1:] == [str(moved / "images" / each.ref.name) for each in kadid.records[1:]]
        assert dataset.match_tags("mine").values("id") == ids[:2]
        assert dataset.info["image_quality"]["root"] == str(moved)

    def test_a_dataset_of_other_origin_is_left_alone(self, run, kadid, name, tmp_path):
        theirs = fo.Dataset(name)
        theirs.add_sample(fo.Sample(filepath="/nowhere/holiday.jpg"))
        refused = run("load", "kadid10k", kadid.root, "--dataset", name)
        assert refused.status == 2
        assert f"the dataset {name} is there: 1 samples of other origin" in refused.err.replace("\n", " ")
        assert theirs.values("filepath") == ["/nowhere/holiday.jpg"]
        assert not theirs.has_field("mos")

    def test_a_dataset_of_another_loader_is_left_alone(self, run, kadid, name, tmp_path):
        made = layouts.build("biq2021_train2000", tmp_path / "biq")
        assert run("load", made.name, made.root, "--dataset", name).status == 0
        refused = run("load", "kadid10k", kadid.root, "--dataset", name)
        assert refused.status == 2
        assert "3 samples loaded as biq2021_train2000" in refused.err.replace("\n", " ")
        assert len(fo.load_dataset(name)) == 3

    def test_another_folder_of_other_images_is_refused(self, run, name, tmp_path):
        for folder in ("one", "two"):
            layouts.save(tmp_path / folder / f"{folder}.png")
        assert run("load", "folder", tmp_path / "one", "--dataset", name).status == 0
        (tmp_path / "one" / "one.png").unlink()
        refused = run("load", "folder", tmp_path / "two", "--dataset", name)
        assert refused.status == 2
        assert f"loaded from {tmp_path / 'one'}, and has other images" in refused.err.replace("\n", " ")
        assert len(fo.load_dataset(name)) == 1

    def test_wrong_usage_is_status_2_and_makes_nothing(self, run, kadid, name, tmp_path):
        assert run("load", "tid2031", tmp_path, "--dataset", name).status == 2
        assert run("load", "kadid10k", tmp_path / "nowhere", "--dataset", name).status == 2
        nameless = run("load", "kadid10k", kadid.root, "--dataset", "?")
        assert (nameless.status, nameless.out) == (2, "")
        assert "no name for a dataset" in nameless.err
        assert not fo.dataset_exists(name)

    def test_authentic_photographs_have_no_references(self, run, name, tmp_path):
        made = layouts.build("biq2021_train2000", tmp_path / "biq")
        assert run("load", made.name, made.root, "--dataset", name).status == 0
        dataset = fo.load_dataset(name)
        for field in ("ref_path", "distortion", "category", "level", "mos_std"):
            assert not dataset.has_field(field)
        assert dataset.values("split") == ["training"] * 3
        assert dataset.app_config.media_fields == ["filepath"]
        assert dataset.list_saved_views() == ["worst 5 %"]
        assert groups(dataset)["image quality"] == ["mos", "split"]

    def test_images_without_scores_declare_no_target(self, run, name, tmp_path):
        made = layouts.build("folder", tmp_path / "images")
        result = run("load", "folder", made.root, "--dataset", name)
        assert result.status == 0
        assert "no scores" in result.err
        dataset = fo.load_dataset(name)
        assert declared_target(dataset) is None
        assert not dataset.has_field("mos")
        assert dataset.list_saved_views() == []
        assert dataset.values("filepath") == [str(each.dist) for each in made.records]


class TestPresentation:
    @pytest.fixture(params=[False, True], ids=["higher is better", "lower is better"])
    def judged(self, request, name) -> fo.Dataset:
        records = tuple(
            Record(
                Path(f"/nowhere/{index}.png"),
                Path(f"/nowhere/ref{index % 4}.png"),
                "jitter" if index % 2 else "rain",
                1,
                None if index == 0 else float(index * 7 % 61),
                category="spatial" if index % 2 else "weather",
            )
            for index in range(61)
        )
        return import_dataset(QualityDataset(name, records, "mos", request.param, (0, 61), "MOS", "nobody"))

    def test_views_hold_the_right_samples(self, judged):
        lower_is_better = declared_target(judged).lower_is_better
        worst = judged.load_saved_view("worst 5 %")
        assert worst.values("mos") == ([60.0, 59.0, 58.0] if lower_is_better else [1.0, 2.0, 3.0])
        for category, rest in (("weather", 0), ("spatial", 1)):
            view = judged.load_saved_view(f"category: {category}")
            assert view.values("filepath") == [f"/nowhere/{index}.png" for index in range(rest, 61, 2)]

    def test_references_open_to_their_images_best_first(self, judged):
        lower_is_better = declared_target(judged).lower_is_better
        references = judged.load_saved_view("references")
        assert len(references) == 4
        opened = references.get_dynamic_group("/nowhere/ref1.png")
        assert len(opened) == 15
        scores = opened.values("mos")
        assert scores == sorted((float(index * 7 % 61) for index in range(1, 61, 4)), reverse=not lower_is_better)

    def test_filtering_and_sorting_are_indexed(self, judged):
        assert {"distortion", "mos"} <= set(judged.list_indexes())


class TestImport:
    def test_an_image_listed_twice_is_refused(self, name):
        twice = (Record(Path("/nowhere/a.png"), target=1.0), Record(Path("/nowhere/below/../a.png"), target=2.0))
        with pytest.raises(UsageError, match=r"/nowhere/a\.png: listed twice"):
            import_dataset(QualityDataset(name, twice, "mos", False, None, "MOS", "nobody"))
        assert not fo.dataset_exists(name)

    def test_fields_of_other_types_are_refused(self, table, name):
        fo.Dataset(name).add_sample_field("dmos", fo.StringField)
        with pytest.raises(UsageError, match=r"'dmos'.*load under another name"):
            import_dataset(table, name)

    def test_names_that_cannot_be_had(self, name):
        assert check_name(f"{name} / More", "csv") == f"{name}-more"
        other = fo.Dataset(name)
        with pytest.raises(UsageError, match="too like the existing"):
            check_name(name.upper(), "csv")
        other.media_type = "video"
        with pytest.raises(UsageError, match="holds video"):
            check_name(name, "csv")


class TestLoadOperator:
    @pytest.fixture
    def operator(self) -> foo.Operator:
        return foo.get_operator(f"{PLUGIN}/load_image_quality_dataset")

    def context(self, **params: Any) -> ExecutionContext:
        return ExecutionContext({"params": params}, executor=Executor())

    def test_form(self, operator, kadid, dataset, tmp_path):
        assert list(properties(operator, self.context())) == ["name"]
        asked = properties(operator, self.context(name="kadid10k"))
        assert "dmos.csv" in asked["layout"].view.label
        assert not {"problem", "found"} & set(asked)
        wrong = properties(operator, self.context(name="kadid10k", root={"absolute_path": str(tmp_path / "no")}))
        assert "no" in wrong["problem"].view.description
        assert wrong["problem"].invalid
        nameless = properties(operator, self.context(name="kadid10k", root=str(kadid.root), dataset="?"))
        assert "no name for a dataset" in nameless["problem"].view.description
        taken = properties(operator, self.context(name="kadid10k", root=str(kadid.root), dataset=dataset.name))
        assert "of other origin" in taken["problem"].view.description
        right = properties(operator, self.context(name="kadid10k", root={"absolute_path": str(kadid.root)}))
        assert right["found"].view.label.startswith(f"{len(kadid.records)} images. ")
        assert "problem" not in right

    def test_loads_and_opens(self, operator, kadid, name):
        ctx = self.context(name="kadid10k", root={"absolute_path": str(kadid.root)}, dataset=name)
        assert operator.execute(ctx) == {"dataset": name, "images": len(kadid.records)}
        (request,) = ctx.executor._requests
        assert request.operator_uri.endswith("open_dataset")
        assert request.params["dataset"] == name
        assert len(fo.load_dataset(name)) == len(kadid.records)


class TestMakeSyntheticSet:
    @pytest.fixture
    def operator(self) -> foo.Operator:
        return foo.get_operator(f"{PLUGIN}/make_synthetic_set")

    @pytest.fixture
    def request_for(self, dataset: fo.Dataset, name: str) -> Callable[..., dict[str, Any]]:
        """The request to distort a view of two images of different names by two types."""

        def make(**params: Any) -> dict[str, Any]:
            params = {"dataset": name, "distortions": ["jpeg", "pixelate"], "seed": 3, **params}
            return {"dataset_name": dataset.name, "view": dataset.limit(2)._serialize(), "params": params}

        return make

    def test_immediate_and_delegated_runs_make_the_same(self, operator, request_for, dataset, name):
        ctx = ExecutionContext(request_for(), executor=Executor())
        said = messages(operator, ctx)
        assert said[-1] == ("open_dataset", {"dataset": name})
        made = fo.load_dataset(name)
        assert len(made) == 2 * 2 * 5
        assert made.distinct("distortion") == ["JPEG compression", "pixelation"]
        assert made.distinct("level") == [1, 2, 3, 4, 5]
        assert declared_target(made).lower_is_better
        before = [Path(path).read_bytes() for path in made.values("filepath")]
        ids = made.values("id")
        for path in made.values("filepath")[:3]:
            Path(path).unlink()

        params = request_for()["params"]
        queued = foo.execute_operator(operator.uri, view=dataset.limit(2), params=params, request_delegation=True)
        service = DelegatedOperationService()
        service.execute_queued_operations(operator=operator.uri, limit=1)
        operation = service.get(queued.result["id"])
        assert operation.run_state == "completed", operation.result
        assert operation.result.result == {"dataset": name, "images": 20}
        assert operation.status.progress == 1
        made.reload()
        assert made.values("id") == ids
        assert [Path(path).read_bytes() for path in made.values("filepath")] == before

    def test_form(self, operator, request_for, dataset):
        def form(**request: Any) -> dict[str, Any]:
            return properties(operator, ExecutionContext({**request_for(), **request}, executor=Executor()))

        assert form()["count"].view.label == "Makes 20 images"
        params = {"dataset_name": dataset.name, "params": {}}
        assert form(**params)["count"].view.label == "Makes 250 images"
        assert form(**params)["dataset"].required
        nothing = form(view=dataset.match({"level": 99})._serialize())
        assert "no samples" in nothing["problem"].view.description
        for taken, said in ((dataset.name, "choose another name"), ("..", "no name for a dataset")):
            wrong = form(params={"dataset": taken})["problem"]
            assert said in wrong.view.description
            assert wrong.invalid

    def test_many_images_are_delegated_by_default(self, operator, request_for, dataset):
        few = ExecutionContext(request_for(), executor=Executor())
        assert not operator.resolve_execution_options(few).default_choice_to_delegated
        dataset.add_samples([fo.Sample(filepath=f"/nowhere/{number}.png") for number in range(10)], progress=False)
        many = ExecutionContext({"dataset_name": dataset.name, "params": {}}, executor=Executor())
        assert operator.resolve_execution_options(many).default_choice_to_delegated

    def test_images_of_one_name_in_two_folders(self, operator, name, tmp_path):
        photos = [layouts.save(tmp_path / folder / "photo.png", (40, 36)) for folder in ("a", "b")]
        dataset = fo.Dataset()
        dataset.add_samples([fo.Sample(filepath=str(photo)) for photo in (*photos, photos[0])], progress=False)
        made = operator(dataset, name, distortions=["jpeg"], levels=[5])
        assert [Path(path).name for path in made.values("ref_path")] == ["a_photo_png.png", "b_photo_png.png"]
        for path, photo in zip(made.values("ref_path"), photos, strict=True):
            assert Image.open(path).tobytes() == Image.open(photo).tobytes()
        dataset.delete()

    def test_names_stay_in_the_folder_of_datasets_and_sources_are_left_alone(self, operator, dataset, name):
        made = operator(dataset.limit(1), f"../../{name}", distortions=["jpeg"], levels=[5])
        (path,) = made.values("filepath")
        assert Path(path).is_relative_to(Path(fo.config.default_dataset_dir) / name)
        assert "/../" not in path
        made.delete()
        # The plugin that FiftyOne loads has error classes of its own.
        with pytest.raises(Exception, match="is the dataset of the clean images"):
            operator(dataset, dataset.name)
        assert len(dataset) == 6


def test_a_synthetic_set_loads_by_its_manifest(run, tmp_path, name):
    photos = tmp_path / "photos"
    layouts.save(photos / "a.png", (40, 36))
    made = tmp_path / "set"
    assert run("synth", photos, made, "--types", "jpeg", "--levels", "1,5", "--workers", "1").status == 0
    assert run("load", "csv", made, "--dataset", name).status == 0
    dataset = fo.load_dataset(name)
    assert dataset.values("distortion") == ["JPEG compression"] * 2
    assert dataset.values(["category", "level"]) == (["compression"] * 2, [1, 5])
    assert declared_target(dataset).field == "level"
    assert dataset.values("filepath") == [str(each.dist) for each in load("csv", made).records]
