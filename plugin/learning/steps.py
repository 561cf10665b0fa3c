"""Training under way: steps of the optimiser, epochs, and what has to be kept to go on from them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ..errors import ImageError, UsageError
from ..evaluation import correlate
from ..threads import in_order
from . import checkpoints
from .examples import Examples
from .losses import total
from .settings import Epoch, Settings, badness

#: Batches that are decoded ahead.
_AHEAD: Final = 2


class Run:
    """Training under way."""

    def __init__(self, module: nn.Module, settings: Settings, device: torch.device) -> None:
        try:
            from lightning_fabric import Fabric
        except ModuleNotFoundError as error:
            raise UsageError(f"training needs {error.name}: pip install 'fiftyone-deepmse[train]'") from error
        devices: Any = 1 if device.index is None else [device.index]
        self._fabric = Fabric(accelerator=device.type, devices=devices, precision=settings.precision)
        self._module = module
        trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
        self._trained = [name for name, parameter in module.named_parameters() if parameter.requires_grad]
        self._optimizer = torch.optim.Adam(trained, lr=settings.learning_rate)
        self._model, self._stepper = self._fabric.setup(module, self._optimizer)
        self._settings = settings
        self._loss = total(settings.losses)
        self._part = settings.batch_size
        self._average: dict[str, torch.Tensor] = {}
        self._best: dict[str, torch.Tensor] = {}
        self.history: list[Epoch] = []
        self.skipped: dict[str, None] = {}

    @property
    def kept(self) -> Epoch:
        """The epoch whose parameters are kept."""
        watched = [epoch for epoch in self.history if epoch.validation is not None]
        if self._settings.keeps_last or not watched:
            return self.history[-1]
        return min(watched, key=lambda epoch: badness(epoch, self._settings))

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or no better one has come for long."""
        if len(self.history) >= self._settings.epochs:
            return True
        patience = self._settings.patience
        return patience is not None and bool(self.history) and self.history[-1].number - self.kept.number >= patience

    def kept_state(self) -> dict[str, torch.Tensor]:
        """The kept parameters and statistics, on the CPU."""
        return self._best or self._current()

    def epoch(self, training: Examples, validation: Examples | None, pool: Executor) -> Epoch:
        """One epoch. Everything random in it depends on the seed and the epoch's number alone."""
        settings, done = self._settings, len(self.history)
        generator = np.random.default_rng([settings.seed, done + 1])
        order = generator.permutation(len(training.targets))
        torch.manual_seed(int(generator.integers(2**63)))
        rate = self.learning()
        total = count = 0.0
        for inputs, targets in self.batches(training, order, done + 1, pool):
            total += self.step(inputs, targets) * len(targets)
            count += len(targets)
        if not count:
            raise UsageError(f"no image can be used, the first because of: {next(iter(self.skipped))}")
        if not math.isfinite(total):
            raise UsageError(f"training diverged in epoch {done + 1}; lower the learning rate")
        loss, srcc = (
            (None, None) if validation is None else self.watch(validation, np.arange(len(validation.targets)), pool)
        )
        epoch = Epoch(done + 1, total / count, loss, srcc, rate)
        self.history.append(epoch)
        # Where the last epoch is kept, the module itself holds what is kept.
        if validation is not None and not settings.keeps_last and self.kept is epoch:
            self._best = self._current()
        return epoch

    def learning(self) -> float:
        """Make ready for an epoch's steps, and give their learning rate."""
        rate = self._settings.rate(len(self.history), self.history)
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._module.train()
        return rate

    def step(self, inputs: tuple[torch.Tensor, ...], targets: torch.Tensor) -> float:
        """One step of the optimiser, in parts where the device's memory does not hold the batch whole."""
        try:
            loss = self._gradients(inputs, targets)
        except torch.OutOfMemoryError:
            loss = None
        if loss is None:
            if self._part == 1 or self._settings.loss != "mse":
                raise UsageError(
                    "the device's memory does not hold a batch; lower the batch size"
                    + ("" if self._settings.loss == "mse" else f" (the loss {self._settings.loss} needs it whole)")
                )
            torch.cuda.empty_cache()
            self._part = max(1, min(self._part, len(targets)) // 2)
            return self.step(inputs, targets)
        if self._settings.clip is not None:
            self._fabric.clip_gradients(self._model, self._stepper, max_norm=self._settings.clip)
        self._stepper.step()
        weight = self._settings.average
        if weight:
            now = dict(self._module.named_parameters())
            for name in self._trained:
                value = now[name].detach()
                kept = self._average.setdefault(name, value.clone())
                kept.mul_(weight).add_(value, alpha=1 - weight)
        return loss

    def _gradients(self, inputs: tuple[torch.Tensor, ...], targets: torch.Tensor) -> float:
        self._optimizer.zero_grad()
        total = 0.0
        for start in range(0, len(targets), self._part):
            part = slice(start, start + self._part)
            predicted = self._model(*(each[part] for each in inputs))
            share = len(targets[part]) / len(targets)
            loss = self._loss(predicted.float(), targets[part]) * share
            self._fabric.backward(loss)
            total += float(loss.detach())
        return total

    def watch(self, validation: Examples, chosen: NDArray[np.intp], pool: Executor) -> tuple[float, float | None]:
        """Loss and SRCC on the chosen validation examples, with the parameters that would be kept."""
        before = self._exchange(self._average)
        self._module.eval()
        predicted, true = [], []
        with torch.inference_mode():
            for inputs, targets in self.batches(validation, chosen, None, pool):
                predicted.append(self._model(*inputs).float())
                true.append(targets)
        self._exchange(before)
        if not true:
            raise UsageError("no validation image can be used")
        values, targets = torch.cat(predicted), torch.cat(true)
        loss = float(self._loss(values, targets))
        return loss, correlate(values.cpu().numpy(), targets.cpu().numpy()).srcc

    def batches(
        self, examples: Examples, order: NDArray[np.intp], epoch: int | None, pool: Executor
    ) -> Iterator[tuple[tuple[torch.Tensor, ...], torch.Tensor]]:
        """Inputs (N, 3, h, w) each, and targets (N,), decoded ahead; what cannot be decoded is left out and noted."""
        size = self._settings.batch_size

        def load(index: int) -> tuple[torch.Tensor, ...] | ImageError:
            key = None if epoch is None else f"{self._settings.seed} {epoch} {index}".encode()
            try:
                return examples.load(index, key)
            except ImageError as error:
                return error

        jobs = (pool.submit(load, int(index)) for index in order)
        decoded = in_order(jobs, _AHEAD * size)
        for start in range(0, len(order), size):
            part = order[start : start + size]
            found = list(zip(part, islice(decoded, len(part)), strict=True))
            for _, each in found:
                if isinstance(each, ImageError):
                    self.skipped[str(each)] = None
            usable = [(index, each) for index, each in found if not isinstance(each, ImageError)]
            if not usable:
                continue
            shapes = {tensor.shape for _, each in usable for tensor in each}
            if len(shapes) > 1:
                names = ", ".join(examples.name(int(index)) for index, _ in usable[:2])
                raise UsageError(f"the images of a batch differ in size ({names}, …): train on crops, --crop N")
            inputs = tuple(
                torch.stack(tensors).to(self._fabric.device)
                for tensors in zip(*(each for _, each in usable), strict=True)
            )
            targets = torch.tensor(examples.targets[[index for index, _ in usable]], dtype=torch.float32)
            yield inputs, targets.to(self._fabric.device)

    def _exchange(self, values: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Put values in the place of parameters, and give those that were there."""
        parameters = dict(self._module.named_parameters())
        before = {name: parameters[name].detach().clone() for name in values}
        with torch.no_grad():
            for name, value in values.items():
                parameters[name].copy_(value)
        return before

    def _current(self) -> dict[str, torch.Tensor]:
        state = {name: value.detach().cpu().clone() for name, value in self._module.state_dict().items()}
        return state | {name: value.detach().cpu().clone() for name, value in self._average.items()}

    def save(self, path: Path, identity: str) -> None:
        """Write everything that the rest of the training depends on."""
        moments = {
            f"{index}.{name}": value
            for index, state in self._optimizer.state_dict()["state"].items()
            for name, value in state.items()
        }
        groups = {
            "module": self._module.state_dict(),
            "optimizer": moments,
            "average": self._average,
            "best": self._best,
        }
        about = {
            "identity": identity,
            "history": [asdict(epoch) for epoch in self.history],
            "skipped": list(self.skipped),
        }
        checkpoints.write(path, groups, about)

    def restore(self, path: Path, identity: str) -> None:
        """Read what :meth:`save` wrote.

        Raises:
            UsageError: if it is damaged or of another training
        """
        groups, about = checkpoints.read(path)
        if about.get("identity") != identity:
            raise UsageError(
                f"{path}: is of other images, weights or another recipe; leave --resume away to start anew"
            )
        self._module.load_state_dict(groups["module"])
        state: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in groups["optimizer"].items():
            index, _, moment = name.partition(".")
            state.setdefault(int(index), {})[moment] = value
        self._optimizer.load_state_dict({**self._optimizer.state_dict(), "state": state})
        self._average = {name: value.to(self._fabric.device) for name, value in groups["average"].items()}
        self._best = groups["best"]
        self.history = [Epoch(**epoch) for epoch in about["history"]]
        self.skipped = dict.fromkeys(about["skipped"])
