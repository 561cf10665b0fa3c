"""Features of images: the same file gives the same vectors, whatever is around it and however often it is stopped."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from deepmse.plugin.errors import UsageError
from deepmse.plugin.learning.crops import mirrored, random_crops
from deepmse.plugin.learning.features import files as feature_files
from deepmse.plugin.learning.features.extraction import Extractor, crop_key
from deepmse.plugin.learning.features.files import FeatureWriter
from deepmse.plugin.networks.backbones import Backbone, build
from deepmse.plugin.weights import Weights
from PIL import Image
from torchvision.models import squeezenet1_1

from .....conftest import photo_like

CPU = torch.device("cpu")
SIZE = 227
LAYERS = ["fire6-concat", "fire8-concat"]
NAMES = ("a", "b", "c")
VECTORS = np.arange(3 * 2 * 5, dtype=np.float32).reshape(3, 2, 5)
SETTINGS = {"sizes": {"first": 3, "second": 2}}


@pytest.fixture(scope="module")
def network() -> Backbone:
    torch.manual_seed(0)
    weights = Weights("random", Path("random.pth"), "", squeezenet1_1().state_dict())
    return build("squeezenet", LAYERS, weights)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images, of which one is smaller than a crop."""
    images = tmp_path / "images"
    images.mkdir()
    for index, (width, height) in enumerate(((300, 260), (120, 90), (260, 300))):
        Image.fromarray(photo_like(index, width, height)).save(images / f"{index}.png")
    return images


def extracted(extractor: Extractor, paths: list[Path]) -> dict[str, np.ndarray]:
    return {found.path.name: found.vectors for found in extractor.run(paths)}


class TestCrops:
    def test_places_are_those_of_every_machine(self):
        """Pinned: other places are other features of the same image."""
        rows, columns = np.mgrid[:300, :400]
        pixels = np.stack([rows, columns, rows], axis=-1).astype(np.uint8)
        crops = random_crops(pixels, SIZE, 3, crop_key(b"an image", 0))
        assert [(int(crop[0, 0, 0]), int(crop[1, 0, 0])) for crop in crops] == [(15, 114), (31, 147), (36, 78)]

    def test_crops_are_parts_of_the_image_all_over_it(self):
        pixels = photo_like(0, 240, 230)
        crops = random_crops(pixels, SIZE, 200, b"key")
        assert crops.shape == (200, 3, SIZE, SIZE)
        possible = {
            pixels[top : top + SIZE, left : left + SIZE].tobytes(): (top, left)
            for top in range(4)
            for left in range(14)
        }
        corners = {possible[crop.permute(1, 2, 0).numpy().tobytes()] for crop in crops}
        assert {top for top, _ in corners} == set(range(4))
        assert {left for _, left in corners} == set(range(14))

    def test_seed_and_content_move_them(self):
        pixels = photo_like(0, 400, 400)
        first, other_seed, other_content = (
            random_crops(pixels, SIZE, 1, key) for key in (crop_key(b"a", 0), crop_key(b"a", 1), crop_key(b"b", 0))
        )
        assert not torch.equal(first, other_seed)
        assert not torch.equal(first, other_content)

    def test_small_images_are_continued_by_their_mirror_image(self):
        pixels = photo_like(0, 100, 90)
        continued = mirrored(pixels, SIZE)
        assert continued.shape == (SIZE, SIZE, 3)
        # Forwards and backwards by turns, edges twice.
        rows = [*range(90), *reversed(range(90)), *range(90)][:SIZE]
        columns = [*range(100), *reversed(range(100)), *range(100)][:SIZE]
        assert np.array_equal(continued, pixels[rows][:, columns])
        assert mirrored(continued, SIZE) is continued


class TestExtractor:
    def test_vectors_are_the_networks_activations(self, network, folder):
        extractor = Extractor(network, crops=2, seed=5, device=CPU)
        path = folder / "0.png"
        pixels = np.asarray(Image.open(path))
        crops = random_crops(pixels, SIZE, 2, crop_key(path.read_bytes(), 5))
        with torch.inference_mode():
            expected = torch.cat([activation.flatten(1) for activation in network(crops)], dim=1)
        found = extracted(extractor, [path])["0.png"]
        assert found.shape == (2, 75_264 + 100_352)
        assert np.allclose(found, expected, rtol=1e-4, atol=1e-4)
        assert extractor.describe()["sizes"] == {"fire6-concat": 75_264, "fire8-concat": 100_352}

    def test_pooled_vectors_are_moments_of_the_raw_ones(self, network, folder):
        paths = [folder / "0.png"]
        raw = extracted(Extractor(network, crops=1, device=CPU), paths)["0.png"][0, :75_264].reshape(384, 14 * 14)
        pooled = extracted(Extractor(network, pool="mean+std", crops=1, device=CPU), paths)["0.png"][0]
        assert pooled.shape == (2 * 384 + 2 * 512,)
        assert np.allclose(pooled[:384], raw.mean(1, dtype=np.float64), rtol=1e-4, atol=1e-5)
        assert np.allclose(pooled[384:768], raw.std(1, dtype=np.float64), rtol=1e-4, atol=1e-5)

    def test_neither_order_nor_name_nor_neighbours_matter(self, network, folder, tmp_path):
        extractor = Extractor(network, pool="mean", crops=3, device=CPU)
        paths = sorted(folder.iterdir())
        expected = extracted(extractor, paths)
        assert set(expected) == {"0.png", "1.png", "2.png"}
        renamed = tmp_path / "renamed.png"
        renamed.write_bytes(paths[2].read_bytes())
        found = extracted(extractor, [renamed, paths[1], paths[0]])
        assert np.array_equal(found["renamed.png"], expected["2.png"])
        assert all(np.array_equal(found[name], expected[name]) for name in ("0.png", "1.png"))

    def test_whole_images_of_any_size(self, network, folder):
        extractor = Extractor(network, pool="mean", crops=None, device=CPU)
        found = extracted(extractor, sorted(folder.iterdir()))
        assert {vectors.shape for vectors in found.values()} == {(1, 384 + 512)}
        image = torch.from_numpy(np.array(Image.open(folder / "2.png"))).permute(2, 0, 1)[None]
        with torch.inference_mode():
            expected = network(image)[0].mean((2, 3))
        assert np.allclose(found["2.png"][0, :384], expected[0], rtol=1e-4, atol=1e-5)

    def test_whole_images_have_no_raw_features(self, network):
        with pytest.raises(UsageError, match="pool them, or take crops"):
            Extractor(network, crops=None, device=CPU)
        with pytest.raises(UsageError, match="no pooling 'max'"):
            Extractor(network, pool="max", device=CPU)

    def test_a_broken_image_is_an_error_among_the_results(self, network, folder):
        (folder / "1.png").write_bytes(b"no image")
        missing = folder / "9.png"
        found = list(Extractor(network, pool="mean", crops=1, device=CPU).run([*sorted(folder.iterdir()), missing]))
        assert [result.vectors is None for result in found] == [False, True, False, True]
        assert found[1].error == f"{folder / '1.png'}: not an image that can be read"
        assert found[3].error == f"{missing}: no such file"


class TestFiles:
    def write(self, path: Path, rows: range, **more: object) -> None:
        with FeatureWriter(path, NAMES, SETTINGS, **more) as writer:
            assert writer.done == rows.start
            for index in rows:
                writer.write(VECTORS[index])

    @pytest.mark.parametrize("suffix", [".npz", ".npy"])
    def test_what_is_written_is_read(self, tmp_path, suffix):
        path = tmp_path / f"features{suffix}"
        with FeatureWriter(path, NAMES, SETTINGS) as writer:
            writer.write(None, "a: broken")
            writer.write(VECTORS[1])
            writer.write(None, "c: broken")
        table = feature_files.read(path)
        assert table.names == NAMES
        assert table.errors == ("a: broken", "", "c: broken")
        assert np.isnan(table.features[[0, 2]]).all()
        assert np.array_equal(table.features[1], VECTORS[1])
        assert np.array_equal(table.of("second")[1], VECTORS[1, :, 3:])
        assert isinstance(table.features, np.memmap) == (suffix == ".npy")
        others = {".npz": [], ".npy": ["features.json"]}[suffix]
        assert sorted(file.name for file in tmp_path.iterdir()) == sorted([path.name, *others])

    @pytest.mark.parametrize("suffix", [".npz", ".npy"])
    def test_an_interrupted_run_goes_on(self, tmp_path, suffix):
        path = tmp_path / f"features{suffix}"
        self.write(path, range(2))
        assert not path.exists()
        with (tmp_path / "features.part.jsonl").open("a") as log:
            log.write('"torn')  # as a crash may leave it
        self.write(path, range(2, 3), resume=True)
        assert np.array_equal(feature_files.read(path).features, VECTORS)
        self.write(path, range(3, 3), resume=True)
        assert np.array_equal(feature_files.read(path).features, VECTORS)

    def test_without_resume_it_starts_anew(self, tmp_path):
        path = tmp_path / "features.npz"
        self.write(path, range(2))
        self.write(path, range(3))
        assert np.array_equal(feature_files.read(path).features, VECTORS)

    def test_other_settings_are_not_resumed(self, tmp_path):
        path = tmp_path / "features.npz"
        self.write(path, range(2))
        with pytest.raises(UsageError, match=r"other images or settings \(see features\.part\.jsonl\)"):
            FeatureWriter(path, NAMES, {"sizes": {"first": 5}}, resume=True)
        self.write(path, range(2, 3), resume=True)
        with pytest.raises(UsageError, match="other images or settings"):
            FeatureWriter(path, NAMES, SETTINGS, dtype="float16", resume=True)

    def test_what_float16_cannot_hold_is_an_error(self, tmp_path):
        path = tmp_path / "features.npz"
        with FeatureWriter(path, ["small", "large"], SETTINGS, dtype="float16") as writer:
            writer.write(np.full((1, 5), 1.5, np.float32))
            writer.write(np.full((1, 5), 1e6, np.float32))
        table = feature_files.read(path)
        assert table.features.dtype == np.float16
        assert table.errors == ("", "large: has features that are no finite float16")
        assert np.isnan(table.features[1]).all()

    def test_wrong_wishes(self, tmp_path):
        with pytest.raises(UsageError, match=r"\.npz file"):
            FeatureWriter(tmp_path / "features.csv", ["a"], {})
        with pytest.raises(UsageError, match="no dtype 'int8'"):
            FeatureWriter(tmp_path / "features.npz", ["a"], {}, dtype="int8")
        with pytest.raises(UsageError, match="cannot be read as a file of features"):
            feature_files.read(tmp_path / "none.npz")


class TestCommand:
    @pytest.fixture
    def weights(self, tmp_path: Path) -> Path:
        torch.manual_seed(0)
        path = tmp_path / "weights.pth"
        torch.save(squeezenet1_1().state_dict(), path)
        return path

    def test_a_folder(self, run, folder, weights, tmp_path):
        (folder / "bad.png").write_bytes(b"no image")
        out = tmp_path / "out.npz"
        arguments = ["-b", "squeezenet", "-l", "fire8-concat", "--pool", "mean", "--crops", 2, "--weights", weights]
        result = run("features", folder, *arguments, "-o", out, "--device", "cpu", "--json")
        assert result.status == 3
        assert result.json["failed"] == 1
        assert result.json["errors"] == {"not an image that can be read": 1}
        table = feature_files.read(out)
        assert table.features.shape == (4, 2, 512)
        assert table.names == ("0.png", "1.png", "2.png", "bad.png")
        assert [bool(error) for error in table.errors] == [False, False, False, True]
        assert json.loads(json.dumps(table.settings)) == table.settings
        again = run("features", folder, *arguments, "-o", out, "--device", "cpu", "--json", "--resume")
        assert (again.status, again.json["kept"]) == (3, 4)

    def test_a_table(self, run, folder, weights, tmp_path):
        table = tmp_path / "images.csv"
        table.write_text("dist,mos\nimages/2.png,1\nimages/0.png,2\n")
        out = tmp_path / "out.npy"
        arguments = ["-b", "squeezenet", "-l", "fire6-concat", "--full", "--pool", "mean", "--weights", weights]
        assert run("features", table, *arguments, "-o", out, "--device", "cpu").status == 0
        assert feature_files.read(out).names == ("images/2.png", "images/0.png")

    def test_the_list_has_every_layer_and_the_differences(self, run):
        result = run("features", "--list")
        assert result.status == 0
        assert "reduction_concat_reduce12" in result.out
        assert "the paper prints the number of the stage before" in result.out

    def test_wrong_usage(self, run, folder):
        assert run("features", folder, "-b", "lenet").status == 2
        assert run("features", folder, "-b", "squeezenet", "-l", "fire8-concat", "--full").status == 2
