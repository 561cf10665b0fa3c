import numpy as np
import pytest
import torch
from deepmse.plugin.engine.stages import stage_maps
from deepmse.plugin.metrics.full_reference.deepmse import DeepMSE
from PIL import Image


def test_stages_are_those_of_the_metric_and_maps_show_where_they_come_from(made_pairs):
    pair = made_pairs[0]
    images = [
        torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1)[None]
        for path in (pair.ref, pair.dist)
    ]
    model = DeepMSE()
    found = stage_maps(pair.ref, pair.dist)
    with torch.inference_mode():
        values, maps = model.stages(*images)[0], model.maps(*images)
    assert [stage.name for stage in found] == list(model.preset.stages)
    assert [stage.value for stage in found] == pytest.approx(values.tolist(), rel=1e-5)
    for stage, expected in zip(found, maps, strict=True):
        expected = expected[0].numpy()
        np.testing.assert_allclose(stage.levels, 255 * expected / expected.max(), atol=0.51)
