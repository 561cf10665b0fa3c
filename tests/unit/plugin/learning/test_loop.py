"""The loop: what is kept, what is resumed, what cannot be used; on a model so small that truth can be computed."""

import errno
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from deepmse.plugin.errors import ImageError, OutputError, UsageError
from deepmse.plugin.learning.loop import train
from deepmse.plugin.learning.settings import Settings
from scipy import stats
from torch import nn

CPU = torch.device("cpu")


@dataclass
class Dots:
    """Pictures of a few pixels whose quality is a linear function of them."""

    number: int = 16
    seed: int = 0
    broken: tuple[int, ...] = ()
    targets: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        generator = np.random.default_rng(self.seed)
        self.pixels = generator.integers(0, 255, (self.number, 3, 2, 2), dtype=np.uint8)
        self.targets = self.pixels.reshape(self.number, -1) @ np.linspace(-1, 1, 12) / 255

    def load(self, index, key):
        if index in self.broken:
            raise ImageError(self.name(index), "is damaged")
        return (torch.from_numpy(self.pixels[index]),)

    def name(self, index):
        return f"{index}.png"


class Linear(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.weights = nn.Linear(12, 1)

    def forward(self, images):
        return self.weights(images.flatten(1) / 255)[:, 0]


SETTINGS = Settings(epochs=40, learning_rate=0.05, batch_size=4)


def test_it_learns_and_tells_the_true_loss_and_srcc(tmp_path):
    module, watched = Linear(), Dots(30, seed=1)
    outcome = train(module, Dots(), SETTINGS, tmp_path / "m.safetensors", {}, validation=watched, device=CPU)
    assert outcome.epochs[-1].loss < 0.02 * outcome.epochs[0].loss
    module.load_state_dict(outcome.state)
    with torch.inference_mode():
        predicted = module(torch.from_numpy(watched.pixels)).numpy()
    assert outcome.kept.srcc == pytest.approx(stats.spearmanr(predicted, watched.targets).statistic)
    assert outcome.kept.validation == pytest.approx(np.mean((predicted - watched.targets) ** 2), rel=1e-4)
    assert outcome.kept.srcc == max(epoch.srcc for epoch in outcome.epochs)
    rows = (tmp_path / "m.log.csv").read_text().splitlines()
    assert rows[0] == "number,loss,validation,srcc,learning_rate"
    assert len(rows) == 41


@pytest.mark.parametrize(
    "settings",
    [
        SETTINGS,
        replace(SETTINGS, average=0.9, schedule="cosine"),
        replace(SETTINGS, schedule="plateau", loss="mse+norm-in-norm"),
    ],
)
def test_an_interrupted_training_ends_at_the_same_bits(tmp_path, settings):
    settings = replace(settings, epochs=6)
    watched = Dots(10, seed=1)
    common = {"validation": watched, "device": CPU}
    whole = train(Linear(), Dots(), settings, tmp_path / "whole.safetensors", {}, **common)

    class StopError(Exception):
        pass

    def stop(epoch):
        if epoch.number == 3:
            raise StopError

    with pytest.raises(StopError):
        train(Linear(), Dots(), settings, tmp_path / "parted.safetensors", {}, **common, report=stop)
    torch.manual_seed(7)
    parted = train(Linear(), Dots(), settings, tmp_path / "parted.safetensors", {}, **common, resume=True)
    assert parted.epochs == whole.epochs
    assert all(torch.equal(value, parted.state[name]) for name, value in whole.state.items())


def test_the_average_of_the_parameters_is_what_is_kept(tmp_path):
    """One example, one step an epoch: the average can be followed by hand."""
    path, module = tmp_path / "m.safetensors", Linear()
    seen = []
    settings = replace(SETTINGS, epochs=4, batch_size=16, average=0.5)
    outcome = train(
        module,
        Dots(),
        settings,
        path,
        {},
        device=CPU,
        report=lambda epoch: seen.append(module.weights.weight.detach().clone()),
    )
    expected = seen[0]
    for now in seen[1:]:
        expected = 0.5 * expected + 0.5 * now
    assert torch.allclose(outcome.state["weights.weight"], expected)


def test_a_clipped_gradient_moves_little(tmp_path):
    """Plain Adam does not see the gradient's length; with its moments begun anew each step has length of the rate."""
    common = {"device": CPU}
    free, clipped = (
        train(
            Linear(), Dots(), replace(SETTINGS, epochs=3, clip=clip), tmp_path / f"{clip}.safetensors", {}, **common
        )
        for clip in (None, 1e-12)
    )
    before = Linear().weights.weight
    moved = [(outcome.state["weights.weight"] - before).abs().max() for outcome in (free, clipped)]
    assert moved[1] < 0.1 * moved[0]


def test_what_cannot_be_decoded_is_left_out_and_named(tmp_path):
    outcome = train(Linear(), Dots(broken=(3, 5)), SETTINGS, tmp_path / "m.safetensors", {}, device=CPU)
    assert sorted(outcome.skipped) == ["3.png: is damaged", "5.png: is damaged"]
    with pytest.raises(UsageError, match=r"no image can be used, the first because of: \d+\.png: is damaged"):
        train(Linear(), Dots(broken=tuple(range(16))), SETTINGS, tmp_path / "n.safetensors", {}, device=CPU)


def test_memory_that_does_not_hold_a_batch_halves_it_to_the_same_step(tmp_path, monkeypatch):
    class Tight(Linear):
        def forward(self, images):
            if len(images) > 4 and self.training:
                raise torch.OutOfMemoryError("no memory")
            return super().forward(images)

    settings = replace(SETTINGS, batch_size=16, epochs=5)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    tight = train(Tight(), Dots(), settings, tmp_path / "tight.safetensors", {}, device=CPU)
    roomy = train(Linear(), Dots(), settings, tmp_path / "roomy.safetensors", {}, device=CPU)
    assert torch.allclose(tight.state["weights.weight"], roomy.state["weights.weight"], atol=1e-6)
    whole_batch = replace(settings, loss="plcc")
    with pytest.raises(UsageError, match=r"lower the batch size \(the loss plcc needs it whole\)"):
        train(Tight(), Dots(), whole_batch, tmp_path / "plcc.safetensors", {}, device=CPU)


def test_a_checkpoint_of_another_training_or_damaged_is_refused(tmp_path):
    out = tmp_path / "m.safetensors"
    train(Linear(), Dots(), replace(SETTINGS, epochs=1), out, {"images": "these"}, device=CPU)
    with pytest.raises(UsageError, match="of other images, weights or another recipe"):
        train(Linear(), Dots(), replace(SETTINGS, epochs=1), out, {"images": "those"}, device=CPU, resume=True)
    (tmp_path / "m.checkpoint.safetensors").write_bytes(b"nothing")
    with pytest.raises(UsageError, match=r"m\.checkpoint\.safetensors: is damaged or no checkpoint"):
        train(Linear(), Dots(), SETTINGS, out, {}, device=CPU, resume=True)


def test_stopping_early_needs_something_to_watch_and_keeps_the_best(tmp_path):
    with pytest.raises(UsageError, match="validation images to watch"):
        train(Linear(), Dots(), replace(SETTINGS, patience=2), tmp_path / "m.safetensors", {}, device=CPU)
    turned = Dots(seed=1)
    turned.targets = -turned.targets
    settings = replace(SETTINGS, patience=3)
    outcome = train(Linear(), Dots(), settings, tmp_path / "m.safetensors", {}, validation=turned, device=CPU)
    assert len(outcome.epochs) == outcome.kept.number + 3 < 40


class Chancy(Linear):
    """With a state of its own, and chance."""

    def __init__(self):
        super().__init__()
        self.norm, self.dropout = nn.BatchNorm1d(12), nn.Dropout(0.3)

    def forward(self, images):
        return self.weights(self.dropout(self.norm(images.flatten(1) / 255)))[:, 0]


class Deadly(Dots):
    """Ends its process without a word in the middle of the third epoch."""

    def load(self, index, key):
        _, epoch, _ = key.split()
        self.loaded = getattr(self, "loaded", 0) + (epoch == b"3")
        if self.loaded == 9:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().load(index, key)


KILLED = replace(SETTINGS, epochs=5, average=0.5)


def test_a_process_killed_within_an_epoch_goes_on_to_the_bits_of_an_unbroken_one(tmp_path):
    code = (
        "import runpy, sys, pathlib; it = runpy.run_path(sys.argv[1]); "
        "it['train'](it['Chancy'](), it['Deadly'](), it['KILLED'], pathlib.Path(sys.argv[2]), {}, device=it['CPU'])"
    )
    parted = tmp_path / "parted.safetensors"
    ended = subprocess.run([sys.executable, "-c", code, __file__, parted], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert (tmp_path / "parted.log.csv").read_text().count("\n") == 3
    torch.manual_seed(7)
    resumed = train(Chancy(), Dots(), KILLED, parted, {}, device=CPU, resume=True)
    whole = train(Chancy(), Dots(), KILLED, tmp_path / "whole.safetensors", {}, device=CPU)
    assert resumed.epochs == whole.epochs
    assert resumed.state.keys() == whole.state.keys()
    assert all(torch.equal(value, resumed.state[name]) for name, value in whole.state.items())


def test_a_full_disk_keeps_the_last_checkpoint_and_says_how_to_go_on(tmp_path, monkeypatch):
    out, settings = tmp_path / "m.safetensors", replace(SETTINGS, epochs=4)
    checkpoint, write_bytes = tmp_path / "m.checkpoint.safetensors", Path.write_bytes
    kept = []

    def full(path, content):
        if "checkpoint" in path.name and len(kept) == 2:
            write_bytes(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write_bytes(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match=r"m\.checkpoint\.safetensors: .*No space left.* go on with --resume"):
        train(Linear(), Dots(), settings, out, {}, device=CPU, report=lambda _: kept.append(checkpoint.read_bytes()))
    assert checkpoint.read_bytes() == kept[-1]
    assert {path.name for path in tmp_path.iterdir()} == {"m.checkpoint.safetensors", "m.log.csv"}
    monkeypatch.undo()
    resumed = train(Linear(), Dots(), settings, out, {}, device=CPU, resume=True)
    whole = train(Linear(), Dots(), settings, tmp_path / "whole.safetensors", {}, device=CPU)
    assert all(torch.equal(value, resumed.state[name]) for name, value in whole.state.items())
