"""Backbones: every layer of the paper's tables has the stated number of features, and is the layer that is meant."""

import math
import re
from pathlib import Path

import pytest
import timm
import torch
import torch.nn.functional as F
from deepmse.plugin.errors import UsageError, WeightsError
from deepmse.plugin.networks import efficientnet_lite, squeezenet
from deepmse.plugin.networks.backbones import Backbone, blank, build, downloads, shapes
from deepmse.plugin.networks.imagenet import alexnet_features
from deepmse.plugin.networks.taps import BACKBONES, TAPS, layers_of
from deepmse.plugin.weights import Weights
from safetensors.torch import save_file
from torchvision import models

MEAN, STD = (torch.tensor(values).view(1, 3, 1, 1) for values in (squeezenet.MEAN, squeezenet.STD))


def picture(size: int) -> torch.Tensor:
    return torch.randint(0, 256, (1, 3, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def in_memory(model: torch.nn.Module) -> Weights:
    return Weights("random", Path("random.pth"), "", model.state_dict())


def random_network(name: str) -> torch.nn.Module:
    torch.manual_seed(0)
    return models.get_model(name).eval()


def seen(model: torch.nn.Module, module: str, images: torch.Tensor) -> torch.Tensor:
    """What a module of a network gives, by a hook."""
    found = []
    handle = model.get_submodule(module).register_forward_hook(lambda *args: found.append(args[2].clone()))
    with torch.inference_mode():
        model((images / 255 - MEAN) / STD)
    handle.remove()
    return found[0]


def taken(backbone: Backbone, images: torch.Tensor) -> dict[str, torch.Tensor]:
    with torch.inference_mode():
        return dict(zip(backbone.layers, backbone(images), strict=True))


class TestTable:
    @pytest.mark.parametrize("name", list(BACKBONES))
    def test_counts_are_those_of_the_networks(self, name):
        logits = BACKBONES[name].logits
        found = shapes(blank(name, [*layers_of(name), logits]))
        assert found.pop(logits)[0] == (1280 if name == "efficientnet-lite0" else 1000)
        assert {layer: math.prod(shape) for layer, shape in found.items()} == {
            tap.layer: tap.count for tap in TAPS if tap.backbone == name and tap.layer != logits
        }
        assert all(tap.count == 1000 for tap in TAPS if (tap.backbone, tap.layer) == (name, logits))

    def test_counts_are_the_papers_or_the_table_says_why_not(self):
        differ = {(tap.backbone, tap.layer) for tap in TAPS if tap.count != tap.stated}
        assert {(tap.backbone, tap.layer) for tap in TAPS if tap.why} == differ
        assert differ == {
            *(("shufflenet", node) for node in ("node_174", "node_186", "node_198")),
            ("resnet50", "add_14"),
            ("resnet101", "res5a"),
            ("resnet101", "res5b"),
            ("xception", "add_12"),
        }

    def test_all_thirteen_networks_are_there(self):
        assert len({tap.backbone for tap in TAPS}) == 13
        assert len(TAPS) == len({(tap.backbone, tap.layer) for tap in TAPS})


class TestLayers:
    """Against hooks on the libraries' own networks."""

    def test_sums_of_resnet_are_before_their_activation(self):
        network = random_network("resnet50")
        image = picture(64)
        found = taken(build("resnet50", ["add_15", "add_12"], in_memory(network)), image)
        assert (found["add_15"] < 0).any()
        assert torch.equal(found["add_15"].relu(), seen(network, "layer4.1", image))
        assert torch.equal(found["add_12"].relu(), seen(network, "layer3.4", image))

    def test_concatenations_of_densenet_grow_by_one_layer(self):
        network = random_network("densenet201")
        image = picture(64)
        layers = [f"conv5_block{number}_concat" for number in (30, 31, 32)]
        thirty, thirty_one, thirty_two = taken(build("densenet201", layers, in_memory(network)), image).values()
        assert torch.equal(thirty_two, seen(network, "features.denseblock4", image))
        assert torch.equal(thirty_two[:, :1888], thirty_one)
        assert torch.equal(thirty_one[:, :1856], thirty)

    def test_convolutions_of_mobilenet_are_before_their_normalisation(self):
        network = random_network("mobilenet_v2")
        image = picture(64)
        layers = ["block_15_add", "block_16_project", "Conv_1", "Logits"]
        found = taken(build("mobilenet-v2", layers, in_memory(network)), image)
        assert torch.equal(found["block_15_add"], seen(network, "features.16", image))
        assert torch.equal(found["block_16_project"], seen(network, "features.17.conv.2", image))
        assert torch.equal(found["Conv_1"], seen(network, "features.18.0", image))
        assert torch.equal(found["Logits"], seen(network, "classifier", image))

    def test_what_follows_a_layer_does_not_overwrite_it(self):
        """torchvision's AlexNet has in-place activations behind the layers that are read."""
        network = random_network("alexnet")
        image = picture(96)
        together = taken(build("alexnet", ["fc6", "fc7", "fc8"], in_memory(network)), image)
        assert (together["fc6"] < 0).any()
        for layer, activation in together.items():
            alone = taken(build("alexnet", [layer], in_memory(network)), image)
            assert torch.equal(alone[layer], activation)

    def test_a_feature_level_of_timm_is_what_timm_gives(self):
        torch.manual_seed(0)
        network = timm.create_model("resnet18").eval()
        levels = timm.create_model("resnet18", features_only=True).eval()
        levels.load_state_dict(network.state_dict(), strict=False)
        image = picture(64)
        found = taken(build("timm:resnet18", ["2", "-1"], in_memory(network)), image)
        with torch.inference_mode():
            expected = levels((image / 255 - MEAN) / STD)
        assert torch.equal(found["2"], expected[2])
        assert torch.equal(found["-1"], expected[4])

    def test_networks_of_timm_with_computed_tables_are_whole(self):
        torch.manual_seed(0)
        network = timm.create_model("swin_tiny_patch4_window7_224").eval()
        image = picture(224)
        found = taken(build("timm:swin_tiny_patch4_window7_224", ["layers.0"], in_memory(network)), image)
        assert torch.equal(found["layers.0"], seen(network, "layers.0", image))


class TestWeights:
    def test_squeezenet_from_its_file(self, squeezenet_file):
        backbone = build("squeezenet", ["fire8-concat"], squeezenet_file)
        layers, weights = squeezenet.build(squeezenet_file)
        image = picture(227)
        with torch.inference_mode():
            expected = layers[:12]((image / 255 - MEAN) / STD)
        found = taken(backbone, image)["fire8-concat"]
        assert found.numel() == 100_352
        assert torch.allclose(found, expected, rtol=1e-4, atol=1e-3)
        assert backbone.weights.sha256 == weights.sha256
        assert backbone.weights.warning == weights.warning

    def test_a_convolutional_part_serves_the_layers_that_it_has(self, tmp_path):
        path = tmp_path / "alexnet_features.safetensors"
        save_file({f"features.{key}": value for key, value in alexnet_features().state_dict().items()}, path)
        backbone = build("alexnet", ["features.10"], path)
        assert F.relu(taken(backbone, picture(96))["features.10"]).any()
        with pytest.raises(WeightsError, match=r"no classifier\.1\.weight, which AlexNet needs for fc6; pass"):
            build("alexnet", ["fc6"], path)

    def test_missing_weights_say_what_was_tried(self, tmp_path, monkeypatch):
        monkeypatch.setenv("DEEPMSE_WEIGHTS", str(tmp_path))
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))
        with pytest.raises(WeightsError, match=r"(?s)alexnet-owt-7be5be79\.pth.*--weights PATH"):
            build("alexnet", ["fc6"])
        with pytest.raises(WeightsError, match=r"huggingface\.co/timm/inception_resnet_v2"):
            build("inception-resnet-v2", ["block8_9"])

    def test_weights_in_the_folder_are_found(self, tmp_path, monkeypatch):
        network = random_network("squeezenet1_1")
        torch.save(network.state_dict(), tmp_path / "squeezenet1_1-b8a52dc0.pth")
        monkeypatch.setenv("DEEPMSE_WEIGHTS", str(tmp_path))
        image = picture(64)
        found = taken(build("squeezenet", ["classifier.1"]), image)["classifier.1"]
        assert torch.equal(found, seen(network, "classifier.1", image))

    def test_weights_of_another_network_are_refused(self):
        with pytest.raises(
            WeightsError, match=r"has no layer3\.6\.conv1\.weight, which ResNet-101 needs for res4b21"
        ):
            build("resnet101", ["res4b21"], in_memory(random_network("resnet50")))

    def test_densenets_older_names_are_read(self):
        network = random_network("densenet201")
        old = {
            re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", key): value
            for key, value in network.state_dict().items()
        }
        assert "features.denseblock1.denselayer1.norm.1.weight" in old
        image = picture(64)
        backbone = build("densenet201", ["features.denseblock1"], Weights("old", Path("old"), "", old))
        found = taken(backbone, image)["features.denseblock1"]
        assert torch.equal(found, seen(network, "features.denseblock1", image))

    def test_efficientnet_lite(self):
        backbone = build("efficientnet-lite0", ["head", "block3"])
        network, _ = efficientnet_lite.build()
        image = picture(96)
        with torch.inference_mode():
            expected = dict(network(image))
        assert {name: torch.equal(value, expected[name]) for name, value in taken(backbone, image).items()} == {
            "head": True,
            "block3": True,
        }


@pytest.mark.parametrize(
    ("name", "layer", "message"),
    [
        ("lenet", "fc", r"no backbone 'lenet'; there are alexnet, .* and timm:NAME"),
        ("timm:lenet", "0", r"timm has no model 'lenet'"),
        ("timm:resnet18", "5", r"no feature level 5: the network has 5"),
        ("timm:resnet18", "layer9", r"no layer 'layer9'"),
        ("alexnet", "conv9", r"no layer 'conv9'; there are fc8, fc7, fc6"),
        ("efficientnet-lite0", "tail", r"no layer 'tail'; there are stem, "),
    ],
)
def test_unknown_names_are_refused_with_the_known_ones(name, layer, message):
    with pytest.raises(UsageError, match=message):
        blank(name, [layer])


def test_no_layer_is_refused():
    with pytest.raises(UsageError, match="no layer is named; there are fc8"):
        blank("alexnet", [])


def test_files_of_whole_networks_can_be_fetched_by_the_librarys_names():
    found = downloads()
    assert {"resnet50", "densenet201", "nasnetalarge"} <= found.keys()
    assert all(re.fullmatch(r"[0-9a-f]{8,}", network.hub_digest) for network in found.values())
