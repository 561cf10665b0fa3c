"""What images look bad by, and where, in FiftyOne datasets."""

import json
from pathlib import Path

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
import skimage.data
from deepmse.plugin.engine.records import Item
from deepmse.plugin.engine.scorer import Scorer
from deepmse.plugin.errors import UsageError
from deepmse.plugin.store import CausesJob, compute_no_reference
from fiftyone.operators.delegated import DelegatedOperationService
from fiftyone.operators.executor import ExecutionContext, Executor
from PIL import Image

from ..conftest import photo_like

pytestmark = pytest.mark.integration

PLUGIN = "@deepmse/image-quality"
OPERATOR = f"{PLUGIN}/explain_quality"


@pytest.fixture
def photos(tmp_path):
    """A compressed photograph, a picture, and no image."""
    Image.fromarray(skimage.data.coffee()).resize((240, 160)).save(tmp_path / "a.jpg", quality=6)
    Image.fromarray(photo_like(1, 240, 160)).save(tmp_path / "b.png")
    (tmp_path / "c.png").write_text("nothing")
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=str(tmp_path / name)) for name in ("a.jpg", "b.png", "c.png")])
    yield dataset
    dataset.delete()


def test_causes_and_maps_are_written_recorded_and_undone(photos):
    foo.get_operator(OPERATOR)(photos, maps=True, device="cpu")
    photos.reload()
    paths = photos.values("filepath")
    scores = list(Scorer(["nr"], device="cpu", quality_maps=True).run(Item(0, path) for path in paths[:2]))
    for sample, score in zip(photos[:2], scores, strict=True):
        found = score.measurements["nr"]
        assert sample.quality_cause == found.causes[0].name
        assert sample.quality_cause_confidence == pytest.approx(found.causes[0].probability)
        told = {each.label: each.confidence for each in sample.quality_causes.classifications}
        assert told == pytest.approx(dict(found.causes[:3]))
        np.testing.assert_array_equal(np.array(Image.open(sample.nr_map.map_path)), found.error_map)
    bad = photos.last()
    assert (bad.quality_cause, bad.quality_cause_confidence, bad.quality_causes, bad.nr_map) == (None,) * 4
    assert "not an image" in bad.quality_cause_error
    assert "25 types" in photos.get_field("quality_cause").description
    assert "nr_map" in [scale["path"] for scale in photos.app_config.color_scheme.colorscales]
    config = photos.get_run_info("quality_cause_1").config
    assert (config.status, config.counts) == ("completed", {"explained": 2, "failed": 1, "unmapped": 0})
    assert config.model["file"] == "causes.safetensors"

    compute_no_reference(photos, device="cpu")
    assert photos.first().nr_map is not None
    maps = photos.exists("nr_map").values("nr_map.map_path")
    gone = foo.get_operator(f"{PLUGIN}/undo_quality_run")(photos, "quality_cause_1")
    assert (gone["scores"], sorted(gone["files"])) == (2, sorted(maps))
    assert not any(Path(path).exists() for path in maps)
    left = photos.get_field_schema()
    assert not [name for name in left if name.startswith("quality_") or name == "nr_map"]
    assert photos.count("nr") == 2


def test_an_immediate_run_streams_and_a_delegated_one_gives_the_same(photos):
    operator = foo.get_operator(OPERATOR)
    queued = operator(photos, delegate=True, device="cpu")
    assert not photos.has_field("quality_cause")
    service = DelegatedOperationService()
    service.execute_queued_operations(operator=operator.uri, limit=1)
    operation = service.get(queued.result["id"])
    assert operation.run_state == "completed", operation.result
    assert operation.status.progress == 1
    request = {"dataset_name": photos.name, "params": {"device": "cpu"}}
    *_, progress, _, _, shown = operator.execute(ExecutionContext(request, executor=Executor()))
    assert progress.body.params == {"progress": 1, "label": "3 of 3 images done, 1 failed"}
    assert shown.body.params["results"] == operation.result.result
    assert "| likely cause |" in str(shown.body.params["outputs"])
    assert sum(operation.result.result["causes"].values()) == 2
    assert not photos.has_field("nr_map")


def test_the_command_line_fills_a_dataset_and_takes_grouped_slices(run, photos, tmp_path):
    result = run("explain", "--dataset", photos.name, "--device", "cpu", "--json")
    assert result.status == 3
    told = json.loads(result.out)
    photos.reload()
    assert sum(told["causes"].values()) == photos.count("quality_cause") == 2
    assert sum(told["errors"].values()) == photos.count("quality_cause_error") == 1
    photos.set_values("quality_cause", ["fog", None, None])
    again = run("explain", "--dataset", photos.name, "--device", "cpu", "--resume", "--json")
    assert sum(json.loads(again.out)["causes"].values()) == 1
    photos.reload()
    assert photos.values("quality_cause")[0] == "fog"
    groups, group = fo.Dataset(), fo.Group()
    for name, path in (("left", tmp_path / "a.jpg"), ("right", tmp_path / "b.png")):
        groups.add_sample(fo.Sample(filepath=str(path), group=group.element(name)))
    list(CausesJob(groups, slice_name="right", device="cpu"))
    found = groups.select_group_slices().values("quality_cause")
    assert [value is not None for value in found] == [False, True]
    groups.delete()


def test_a_picture_that_is_too_narrow_for_a_map_is_said(run, photos, tmp_path):
    Image.fromarray(photo_like(2, 3000, 40)).save(tmp_path / "narrow.png")
    photos.set_values("filepath", [str(tmp_path / "narrow.png")] * 3)
    result = run("explain", "--dataset", photos.name, "--maps", "--device", "cpu")
    assert result.status == 0, result.err
    assert "3 images have no map: they are too narrow" in " ".join(result.err.split())
    photos.reload()
    assert (photos.count("quality_cause"), photos.count("nr_map")) == (3, 0)


def test_what_cannot_be_explained_is_said(photos, tmp_path):
    photos.add_sample_field("quality_cause", fo.IntField)
    with pytest.raises(UsageError, match="'quality_cause' holds something else"):
        CausesJob(photos)
    context = ExecutionContext({"dataset_name": photos.name})
    form = foo.get_operator(OPERATOR).resolve_type(context, "inputs").type.properties
    assert "holds something else" in form["problem"].view.description
    clouds = fo.Dataset()
    clouds.add_sample(fo.Sample(filepath=str(tmp_path / "cloud.pcd")))
    with pytest.raises(UsageError, match="not images"):
        CausesJob(clouds)
    clouds.delete()
