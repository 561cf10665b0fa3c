"""Operator: distort the images of a view into a new dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Final

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.datasets.synthesis.distorted_sets import LOADER, write_set
from ..plugin.datasets.synthesis.distortions import DISTORTIONS, LEVELS
from ..plugin.errors import UsageError
from ..plugin.store import ImageSource, check_name, import_dataset, underlying
from ..plugin.store.config import datasets_dir
from .compute import count
from .forms import delegable, delegation, problem
from .messages import until_failure

MANY_IMAGES: Final = 1000
"""From this many made images on a delegated run is the default."""

_POLL_SECONDS: Final = 1.0


class MakeSyntheticSet(foo.Operator):
    """Distorts the images of a view by KADID-10k's types and levels, with the level as target."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return delegable(
            "make_synthetic_set",
            "Make a synthetic distortion set",
            "Distort clean images by up to 25 types at five levels each, into a new dataset",
            "blur_on",
        )

    def __call__(
        self,
        samples: SampleCollection,
        dataset: str,
        *,
        distortions: list[str] | None = None,
        levels: list[int] | None = None,
        seed: int = 0,
        progress: Callable[[int, int], None] | None = None,
    ) -> fo.Dataset:
        """Make the set from Python.

        Args:
            samples: dataset or view of clean images
            dataset: what to call the new dataset; one of that name is completed
            distortions: names of types, ``deepmse synth --types list`` prints them; all by default
            levels: of 1 to 5; all by default
            seed: of all that is random
            progress: called with the number of images made and in all

        Raises:
            UsageError: an unknown type or level, no usable image, or a name that cannot be had
        """
        ImageSource().check(samples)
        quality = write_set(
            [Path(path) for path in dict.fromkeys(underlying(samples).values("filepath"))],
            datasets_dir() / _folder(samples, dataset),
            name=dataset,
            source=f"images of the FiftyOne dataset {samples._root_dataset.name}",
            types=distortions or DISTORTIONS,
            levels=levels or LEVELS,
            seed=seed,
            progress=progress,
        )
        return import_dataset(quality)

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        inputs.view_target(ctx, action_description="Distort")
        inputs.str("dataset", required=True, label="Name of the new dataset")
        kinds = types.DropdownView(multiple=True)
        for name, distortion in DISTORTIONS.items():
            kinds.add_choice(name, label=distortion.title)
        inputs.list("distortions", types.String(), label="Types", description="Empty: all 25", view=kinds)
        inputs.int("seed", default=0, min=0, required=True, label="Seed", description="Same seed, same pixels")
        if wrong := _problem(ctx):
            problem(inputs, "Cannot be made", wrong)
        else:
            inputs.view("count", types.Notice(label=f"Makes {_count(ctx):,} images"))
        return types.Property(inputs, view=types.View(label="Make a synthetic distortion set"))

    def resolve_execution_options(self, ctx: foo.ExecutionContext) -> foo.ExecutionOptions:
        """Immediate or delegated; delegated first for many images."""
        return delegation(by_default=_count(ctx) >= MANY_IMAGES)

    def execute(self, ctx: foo.ExecutionContext) -> Iterator[Any] | dict[str, Any]:
        """Make the set: in the App a stream of progress, delegated the result."""
        if not ctx.delegated:
            return until_failure(ctx, self._stream(ctx))

        def report(done: int, total: int) -> None:
            ctx.set_progress(**_progress(done, total))

        return _result(self._make(ctx, report))

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """What was made."""
        outputs = types.Object()
        if ctx.results:
            outputs.str("dataset", label="Dataset")
            outputs.int("images", label="Images")
        return types.Property(outputs, view=types.View(label="Synthetic distortion set made"))

    def _stream(self, ctx: foo.ExecutionContext) -> Iterator[Any]:
        state = (0, 1)

        def report(done: int, total: int) -> None:
            nonlocal state
            state = done, total

        with ThreadPoolExecutor(1) as pool:
            job = pool.submit(self._make, ctx, report)
            while wait([job], timeout=_POLL_SECONDS).not_done:
                yield ctx.trigger("set_progress", _progress(*state))
        yield ctx.trigger("open_dataset", {"dataset": job.result().name})

    def _make(self, ctx: foo.ExecutionContext, progress: Callable[[int, int], None]) -> fo.Dataset:
        return self(
            ctx.target_view(),
            ctx.params["dataset"],
            distortions=ctx.params.get("distortions"),
            seed=ctx.params.get("seed", 0),
            progress=progress,
        )


def _folder(samples: SampleCollection, dataset: str) -> str:
    """The folder for a set of that name; UsageError where it cannot be had."""
    if dataset == samples._root_dataset.name:
        raise UsageError(f"{dataset} is the dataset of the clean images; choose another name")
    return check_name(dataset, LOADER)


def _problem(ctx: foo.ExecutionContext) -> str | None:
    """Why the set cannot be made, if so."""
    samples = ctx.target_view()
    if not samples:
        return "there are no samples in this view"
    try:
        ImageSource().check(samples)
        if name := ctx.params.get("dataset"):
            _folder(samples, name)
    except UsageError as error:
        return str(error)
    return None


def _count(ctx: foo.ExecutionContext) -> int:
    """Images that the form's settings make."""
    return count(ctx.target_view()) * len(ctx.params.get("distortions") or DISTORTIONS) * len(LEVELS)


def _progress(done: int, total: int) -> dict[str, Any]:
    return {"progress": done / total, "label": f"{done:,} of {total:,} images"}


def _result(dataset: fo.Dataset) -> dict[str, Any]:
    return {"dataset": dataset.name, "images": len(dataset)}
