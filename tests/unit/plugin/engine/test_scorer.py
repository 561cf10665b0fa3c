"""The engine: order, errors as data, each reference once, bounded memory, and no thread left behind."""

import math
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from deepmse import DeepMSE, score_pairs
from deepmse.plugin.engine import loading
from deepmse.plugin.engine import scorer as scoring
from deepmse.plugin.engine.devices import pick_device
from deepmse.plugin.engine.quality_map import quality_map
from deepmse.plugin.engine.records import Item
from deepmse.plugin.engine.scorer import Scorer
from deepmse.plugin.errors import UsageError, WeightsError, without_paths
from deepmse.plugin.images import NATIVE, RESIZE_256, ImagePolicy, decode
from deepmse.plugin.images.tensors import to_tensor
from deepmse.plugin.metrics import metric_info
from deepmse.plugin.metrics.base import (
    AnyMetric,
    Assessment,
    Comparison,
    Features,
    FullReferenceMetric,
    NoReferenceMetric,
)
from PIL import Image

pytestmark = pytest.mark.timeout(60)


#: Scores with the weights that are at hand.
DEPENDS_ON_DATA = True


class Means(FullReferenceMetric):
    """Squared difference of mean colours: cheap, and its value is known for images of one colour."""

    info = metric_info("deepmse")

    def __init__(self, policy: ImagePolicy = RESIZE_256, **_: Any) -> None:
        self.policy = policy
        self.batches: list[int] = []

    def prepare(self, images: torch.Tensor) -> Features:
        self.batches.append(len(images))
        return (images.double().mean((2, 3)),)

    def compare(
        self, references: Sequence[Features], distorted: torch.Tensor, *, error_maps: bool = False
    ) -> Comparison:
        (theirs,) = self.prepare(distorted)
        return Comparison(((torch.cat([reference[0] for reference in references]) - theirs) ** 2).mean(1))

    def describe(self) -> dict[str, Any]:
        return {}


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[AnyMetric], AnyMetric]:
    """Put a metric of the test's in DeepMSE's place."""

    def put(metric: AnyMetric) -> AnyMetric:
        monkeypatch.setattr(scoring, "create", lambda name, **settings: metric)
        return metric

    return put


@pytest.fixture(autouse=True)
def no_thread_is_left_behind() -> Iterator[None]:
    before, width = set(threading.enumerate()), torch.get_num_threads()
    yield
    assert set(threading.enumerate()) <= before
    assert torch.get_num_threads() == width


@pytest.fixture
def plain(tmp_path: Path) -> Callable[..., Path]:
    """Makes files of one grey level."""

    def make(level: int, size: tuple[int, int] = (40, 40), name: str | None = None) -> Path:
        path = tmp_path / (name or f"{level}_{size[0]}x{size[1]}.png")
        Image.new("RGB", size, (level, level, level)).save(path)
        return path

    return make


def values(scores: list[scoring.Score]) -> list[float]:
    return [score.measurements["deepmse"].value for score in scores]


def count_decodings(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    calls: Counter[str] = Counter()

    def counting(path: str | Path, **settings: Any) -> Any:
        calls[str(path)] += 1
        return decode(path, **settings)

    monkeypatch.setattr(loading, "decode", counting)
    return calls


def test_scores_are_those_of_the_module_on_the_files(made_pairs):
    metric = DeepMSE()
    found = score_pairs([(pair.ref, pair.dist) for pair in made_pairs])
    for pair, score in zip(made_pairs, found, strict=True):
        tensors = [to_tensor(decode(path), RESIZE_256)[None] for path in (pair.ref, pair.dist)]
        measurement = score.measurements["deepmse"]
        assert score.error == ""
        assert measurement.value == pytest.approx(metric(*tensors).item(), rel=1e-6)
        assert measurement.stages == pytest.approx(metric.stages(*tensors)[0].tolist(), rel=1e-6)
        assert measurement.error_map is None


def test_the_reference_comes_first_in_a_pair_of_paths(made_pairs):
    (score,) = score_pairs([(made_pairs[0].ref, made_pairs[0].dist)])
    assert (score.item.ref, score.item.dist) == (made_pairs[0].ref, made_pairs[0].dist)


@pytest.mark.parametrize("policy", ["resize-256", "native"])
def test_batch_size_and_order_change_nothing(made_pairs, policy):
    items = [Item(index, pair.dist, pair.ref) for index, pair in enumerate(made_pairs * 2)]
    alone = [value for item in items for value in values(list(Scorer(batch_size=1, policy=policy).run([item])))]
    order = np.random.default_rng(0).permutation(len(items))
    for size in (1, 2, 3, 7, 64):
        scores = list(Scorer(batch_size=size, policy=policy).run([items[index] for index in order]))
        assert [score.item.key for score in scores] == order.tolist()
        np.testing.assert_allclose(values(scores), np.array(alone)[order], rtol=1e-6)


def test_every_broken_pair_is_a_reason_in_its_place(made_pairs, tmp_path, plain):
    good = made_pairs[0]
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("no image")
    (tmp_path / "half.png").write_bytes(good.dist.read_bytes()[:500])
    cases = [
        (good.ref, good.dist, None),
        (good.ref, tmp_path / "missing.png", "no such file"),
        (good.ref, tmp_path / "empty.png", "the file is empty"),
        (tmp_path / "missing.png", good.dist, "no such file"),
        (good.ref, tmp_path / "text.png", "not an image"),
        (good.ref, good.dist, None),
        (good.ref, tmp_path / "half.png", "damaged or truncated"),
        (good.ref, tmp_path, "is a folder"),
        (good.ref, plain(1, (31, 90)), "too small: 31×90, and metrics need at least 32×32"),
        (None, good.dist, "compares with a reference, and none is named"),
        (tmp_path / "text.png", tmp_path / "missing.png", "no such file"),
        (good.ref, good.dist, None),
    ]
    for size in (1, 5, 20):
        items = [Item(index, dist, ref) for index, (ref, dist, _) in enumerate(cases)]
        scores = list(Scorer(batch_size=size).run(items))
        assert [score.item for score in scores] == items
        for score, (ref, dist, expected) in zip(scores, cases, strict=True):
            assert (expected is None) == (score.error == "") == ("deepmse" in score.measurements)
            if expected is not None:
                assert expected in score.errors["deepmse"]
                assert str(ref if expected == "no such file" and dist == good.dist else dist) in score.error
        assert len({value for score in scores if not score.error for value in values([score])}) == 1


def test_a_broken_references_error_says_that_it_is_the_reference(made_pairs, tmp_path):
    (score,) = score_pairs([(tmp_path / "gone.png", made_pairs[0].dist)])
    assert score.error == f"reference {tmp_path / 'gone.png'}: no such file"
    assert without_paths(score.error, score.item.dist, score.item.ref) == "reference no such file"


def test_an_error_is_one_line(made_pairs, tmp_path):
    (score,) = score_pairs([(made_pairs[0].ref, tmp_path / "two\nlines.png")])
    assert "\n" not in score.error
    assert score.error


def test_each_reference_is_decoded_and_run_once(use, plain, monkeypatch):
    metric, calls = use(Means()), count_decodings(monkeypatch)
    refs = [plain(level) for level in (10, 20)]
    dists = [plain(level) for level in range(100, 120)]
    items = [Item(index, dist, refs[index % 2]) for index, dist in enumerate(dists)]
    scores = list(Scorer(batch_size=3).run(items))
    assert values(scores) == [(100 + index - 10 * (1 + index % 2)) ** 2 for index in range(20)]
    assert calls == Counter(map(str, refs + dists))
    assert sum(metric.batches) == len(refs) + len(dists)


def test_a_reference_for_two_spellings_of_its_path_type_is_one(use, plain, monkeypatch):
    use(Means())
    calls = count_decodings(monkeypatch)
    ref, dist = plain(10), plain(20)
    list(Scorer().run([Item(0, dist, ref), Item(1, dist, str(ref))]))
    assert calls[str(ref)] == 1


def test_a_cache_too_small_for_one_reference_changes_no_score(use, plain, monkeypatch):
    metric, calls = use(Means()), count_decodings(monkeypatch)
    refs = [plain(level) for level in range(10, 50)]
    items = [Item(index, plain(100), refs[index % 40]) for index in range(80)]
    scores = list(Scorer(batch_size=3, reference_cache_bytes=1).run(items))
    assert values(scores) == [(100 - (10 + index % 40)) ** 2 for index in range(80)]
    assert calls[str(refs[0])] == 2
    assert sum(metric.batches) == 80 + sum(calls[str(ref)] for ref in refs)


def test_the_cache_lets_the_least_recently_used_go(use, plain, monkeypatch):
    use(Means(NATIVE))
    calls = count_decodings(monkeypatch)
    often, others = plain(10), [plain(level) for level in range(20, 60)]
    items = [item for index, ref in enumerate(others) for item in (Item(index, ref, often), Item(index, often, ref))]
    # Room for ten references of 40×40 pixels.
    list(Scorer(batch_size=2, reference_cache_bytes=10 * 40 * 40 * 3).run(items))
    assert calls[str(often)] == 1 + len(others)


def test_items_are_read_only_as_far_as_is_needed(use, plain):
    use(Means())
    ref, dist = plain(10), plain(20)
    read = 0

    def endless() -> Iterator[Item]:
        nonlocal read
        while True:
            yield Item(read, dist, ref)
            read += 1

    scores = Scorer(batch_size=4).run(endless())
    assert read == 0
    ahead = 4 * (2 * torch.get_num_threads() + 2)
    for index in range(100):
        assert next(scores).item.key == index
        assert read <= index + ahead
    scores.close()


def test_nothing_to_score_gives_nothing():
    assert list(Scorer().run([])) == []


def test_scores_that_nobody_waits_for_leave_no_thread(use, plain):
    use(Means())
    items = [Item(index, plain(20), plain(10)) for index in range(500)]
    for score in Scorer().run(items):
        assert score.error == ""
        break
    dropped = Scorer().run(items)
    next(dropped)
    del dropped


def test_an_error_of_the_callers_stream_reaches_the_caller(use, plain):
    use(Means())

    def failing() -> Iterator[Item]:
        yield Item(0, plain(20), plain(10))
        raise RuntimeError("the caller's own")

    with pytest.raises(RuntimeError, match="the caller's own"):
        list(Scorer(batch_size=1).run(failing()))


@pytest.mark.parametrize("level", ["reference", "distorted"])
@pytest.mark.parametrize("size", [1, 2, 50])
def test_a_fault_of_a_metric_shows_and_nothing_hangs(use, plain, level, size):
    faulty = 10 if level == "reference" else 20

    class Faulty(Means):
        def prepare(self, images: torch.Tensor) -> Features:
            if (images == faulty).all(dim=(1, 2, 3)).any():
                raise ZeroDivisionError("a fault")
            return super().prepare(images)

    use(Faulty())
    items = [Item(index, plain(20), plain(10)) for index in range(30)]
    with pytest.raises(ZeroDivisionError, match="a fault"):
        list(Scorer(batch_size=size).run(items))


class Small(Means):
    """Runs out of memory above ``limit`` images, and on any that is as dark as ``large``."""

    def __init__(self, limit: int, large: int = -1, where: str = "prepare") -> None:
        super().__init__()
        self.limit, self.large, self.where = limit, large, where

    def prepare(self, images: torch.Tensor) -> Features:
        if self.where == "prepare" and (len(images) > self.limit or (images == self.large).all(dim=(1, 2, 3)).any()):
            raise torch.OutOfMemoryError("made up")
        return super().prepare(images)

    def compare(
        self, references: Sequence[Features], distorted: torch.Tensor, *, error_maps: bool = False
    ) -> Comparison:
        if self.where == "compare" and (
            len(distorted) > self.limit or (distorted == self.large).all(dim=(1, 2, 3)).any()
        ):
            raise torch.OutOfMemoryError("made up")
        return super().compare(references, distorted, error_maps=error_maps)


@pytest.fixture
def one_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU."""
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1)
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)


@pytest.mark.usefixtures("one_lane")
@pytest.mark.parametrize("where", ["prepare", "compare"])
@pytest.mark.parametrize("limit", [1, 3, 8])
def test_out_of_memory_halves_the_batch_and_goes_on(use, plain, where, limit):
    metric = use(Small(limit, where=where))
    items = [Item(index, plain(100 + index % 7), plain(10 + index % 5)) for index in range(60)]
    scorer = Scorer(batch_size=16)
    scores = list(scorer.run(items))
    assert [score.item.key for score in scores] == list(range(60))
    assert values(scores) == [(100 + index % 7 - 10 - index % 5) ** 2 for index in range(60)]
    assert scorer.batch_size == {1: 1, 3: 2, 8: 8}[limit]
    assert metric.batches[-1] <= limit


@pytest.mark.usefixtures("one_lane")
@pytest.mark.parametrize("where", ["prepare", "compare"])
def test_an_image_too_large_by_itself_is_the_only_one_that_fails(use, plain, where):
    use(Small(64, large=50, where=where))
    items = [Item(index, plain(50 if index == 7 else 20), plain(10)) for index in range(20)]
    scores = list(Scorer(batch_size=8).run(items))
    assert [score.item.key for score in scores if score.error] == [7]
    assert scores[7].error == f"{items[7].dist}: out of memory on cpu even by itself"
    assert values(scores[:7] + scores[8:]) == [100] * 19


@pytest.mark.usefixtures("one_lane")
def test_a_reference_too_large_by_itself_fails_its_pairs_by_name(use, plain):
    use(Small(64, large=50))
    items = [Item(index, plain(20), plain(50 if index % 3 == 0 else 10)) for index in range(12)]
    scores = list(Scorer(batch_size=8).run(items))
    assert [score.item.key for score in scores if score.error] == [0, 3, 6, 9]
    assert scores[3].error == f"reference {items[3].ref}: out of memory on cpu even by itself"


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_an_error(use, plain, wrong):
    class Wrong(Means):
        def compare(
            self, references: Sequence[Features], distorted: torch.Tensor, *, error_maps: bool = False
        ) -> Comparison:
            score = super().compare(references, distorted).scores
            return Comparison(torch.where(score == 0, wrong, score))

    use(Wrong())
    scores = list(Scorer(batch_size=2).run([Item(level, plain(level), plain(10)) for level in (10, 20, 10, 30)]))
    assert [score.error for score in scores] == [f"the score is {wrong}, not a finite number", ""] * 2
    assert [list(score.measurements) for score in scores] == [[], ["deepmse"]] * 2


def test_without_resizing_unequal_sizes_are_an_error(plain):
    items = [Item(0, plain(20, (64, 48)), plain(10, (64, 48))), Item(1, plain(20, (48, 64)), plain(10, (64, 48)))]
    same, different = Scorer(policy="native").run(items)
    assert same.error == ""
    assert different.error.startswith(f"{items[1].dist}: of another size than its reference: 48×64, not 64×48")
    assert "resize-256" in different.error


def test_resizing_compares_unequal_sizes_and_says_so(plain):
    ref, dist = plain(10, (64, 48)), plain(10, (48, 64))
    (score,) = score_pairs([(ref, dist)])
    assert values([score]) == [0]
    assert score.notes == ("shapes differ: 48×64, reference 64×48",)


def test_notes_say_what_was_done_to_either_file(tmp_path):
    paths = []
    for name, alpha in (("ref.png", 255), ("dist.png", 100)):
        Image.new("RGBA", (40, 40), (10, 20, 30, alpha)).save(tmp_path / name)
        paths.append(tmp_path / name)
    assert score_pairs([paths])[0].notes == ("alpha composited on white",)
    assert score_pairs([paths[::-1]])[0].notes == ("reference: alpha composited on white",)


def test_error_maps_are_made_on_demand_on_one_scale(made_pairs):
    identical = (made_pairs[0].ref, made_pairs[0].ref)
    pairs = [identical, *((pair.ref, pair.dist) for pair in made_pairs[:3])]
    for policy, shape in (("resize-256", (127, 127)), ("native", (39, 47))):
        maps = [
            score.measurements["deepmse"].error_map for score in score_pairs(pairs, error_maps=True, policy=policy)
        ]
        assert {(found.dtype.name, found.shape) for found in maps} == {("uint8", shape)}
        means = [found.mean() for found in maps]
        assert means[0] == 0
        assert means == sorted(means)
        assert len(set(means)) == 4


def test_an_image_over_the_limit_is_an_error(plain):
    (score,) = score_pairs([(plain(10), plain(20, (41, 40)))], max_pixels=1600)
    assert "over the limit of 1,600 pixels: 41×40" in score.error


@pytest.mark.parametrize("name", ["gpu", "CPU", "cuda:x", "cuda:-1", "cuda:", "mps", "", "cuda:99"])
def test_devices_that_do_not_exist_are_refused(name):
    if name == "cuda:" and torch.cuda.is_available():
        pytest.skip("that is the first CUDA device")
    with pytest.raises(UsageError, match="device"):
        pick_device(name)


def test_devices_that_exist_are_found():
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.parametrize(
    "settings",
    [
        {"metrics": ("best",)},
        {"metrics": ()},
        {"device": "gpu"},
        {"preset": "best"},
        {"policy": "best"},
        {"batch_size": 0},
    ],
)
def test_wrong_settings_are_refused_before_anything_is_scored(settings):
    with pytest.raises(UsageError):
        Scorer(**settings)


def test_missing_weights_are_refused_before_anything_is_scored(tmp_path):
    with pytest.raises(WeightsError, match="no such weights file"):
        Scorer(weights=tmp_path)


def test_the_description_says_what_decides_the_scores():
    import json

    scorer = Scorer(device="cpu", preset="pools", policy="native", max_pixels=10**6)
    described = json.loads(json.dumps(scorer.describe()))
    metric = described["metrics"]["deepmse"]
    assert (metric["preset"], metric["policy"]["name"], metric["policy"]["resize"]) == ("pools", "native", None)
    assert len(metric["weights"]["sha256"]) == 64
    assert (described["device"], described["max_pixels"]) == ("cpu", 10**6)
    assert described["versions"]["torch"] == torch.__version__.partition("+")[0]
    assert list(scorer.warnings) == [w for w in (metric["weights"]["warning"],) if w]


class Brightness(NoReferenceMetric):
    """Mean level of an image, with what a no-reference metric may tell beside its score."""

    info = replace(metric_info("deepmse"), name="brightness", title="Brightness", kind="NR")
    policy = NATIVE
    min_side = 40

    def assess(self, images: torch.Tensor) -> Assessment:
        means = images.float().mean((1, 2, 3))
        return Assessment(means, deviations=means / 10, percentiles=100 * means / 255, domains=["in"] * len(means))

    def grade(self, score: float) -> str | None:
        return "dark" if score < 128 else "bright"

    def describe(self) -> dict[str, Any]:
        return {}


class TestNoReference:
    def test_no_reference_is_read(self, use: Callable[[AnyMetric], AnyMetric], plain: Callable[..., Path]) -> None:
        use(Brightness())
        [score] = Scorer(device="cpu").run([Item("a", plain(51), ref="no such file")])
        found = score.measurements["brightness"]
        assert found == scoring.Measurement(
            51, deviation=pytest.approx(5.1), percentile=pytest.approx(20), grade="dark", domain="in"
        )
        assert score.error == ""

    def test_sizes_mix_in_order(self, use: Callable[[AnyMetric], AnyMetric], plain: Callable[..., Path]) -> None:
        use(Brightness())
        items = [Item(i, plain(10 * i, (40 + i % 3, 50))) for i in range(1, 10)]
        found = list(Scorer(device="cpu", batch_size=4).run(items))
        assert [score.measurements["brightness"].value for score in found] == [10 * i for i in range(1, 10)]
        assert [score.item for score in found] == items

    def test_a_side_too_short_for_the_metric_is_an_error_of_that_image(
        self, use: Callable[[AnyMetric], AnyMetric], plain: Callable[..., Path]
    ) -> None:
        use(Brightness())
        small, enough = Scorer(device="cpu").run([Item(0, plain(1, (80, 39))), Item(1, plain(2, (40, 40)))])
        assert "too small: 80×39, and Brightness needs 40 pixels a side" in small.error
        assert enough.measurements["brightness"].value == 2

    def test_quality_is_mapped_if_asked_for(
        self, use: Callable[[AnyMetric], AnyMetric], tmp_path: Path, plain: Callable[..., Path]
    ) -> None:
        metric = use(Brightness())
        metric.info = replace(metric.info, range=(0, 255))
        pixels = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "noise.png")
        items = [Item(0, tmp_path / "noise.png"), Item(1, plain(9, (40, 4000)))]
        mapped, narrow = Scorer(device="cpu", quality_maps=True).run(items)
        expected = quality_map(metric, torch.from_numpy(pixels).permute(2, 0, 1)).levels
        np.testing.assert_array_equal(mapped.measurements["brightness"].error_map, expected)
        assert (narrow.measurements["brightness"].value, narrow.measurements["brightness"].error_map) == (9, None)

    def test_scores_without_a_scale_are_not_mapped(self, use: Callable[[AnyMetric], AnyMetric]) -> None:
        use(Brightness())
        with pytest.raises(UsageError, match="Brightness has no map"):
            Scorer(device="cpu", quality_maps=True)

    def test_notes_of_the_file_are_kept(self, use: Callable[[AnyMetric], AnyMetric], tmp_path: Path) -> None:
        use(Brightness())
        Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(tmp_path / "clear.png")
        [score] = Scorer(device="cpu").run([Item(0, tmp_path / "clear.png")])
        assert any("alpha" in note for note in score.notes)
        assert score.measurements["brightness"].value == 255


class TestSettings:
    def test_a_setting_that_no_metric_takes_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        plain = replace(metric_info("deepmse"), settings=("policy",))
        monkeypatch.setattr(scoring, "metric_info", lambda name: plain)
        with pytest.raises(UsageError, match=r"none of the metrics deepmse takes preset \(pools\)"):
            Scorer(device="cpu", preset="pools")

    def test_an_infinite_score_counts_only_where_it_may_be_one(
        self, use: Callable[[AnyMetric], AnyMetric], plain: Callable[..., Path]
    ) -> None:
        class Endless(Brightness):
            def assess(self, images: torch.Tensor) -> Assessment:
                return Assessment(torch.full((len(images),), math.inf))

        metric = use(Endless())
        [score] = Scorer(device="cpu").run([Item(0, plain(3))])
        assert "inf" in score.error
        metric.may_be_infinite = True
        [score] = Scorer(device="cpu").run([Item(0, plain(3))])
        assert score.measurements["brightness"].value == math.inf
