"""Operator: score images by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.metrics import Kind
from ..plugin.store import ImageSource, is_grouped
from .compute import ComputeOperator, weights_input
from .forms import choice, delegable


class ComputeNoReference(ComputeOperator):
    """Scores the images of a view with no-reference metrics or trained models and writes the scores to fields."""

    kind: Kind = "NR"
    default_metric = "nr"

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return delegable(
            "compute_no_reference",
            "Compute no-reference image quality",
            "Score images by themselves: 0 to 100, a word, and how sure the score is",
            "photo_filter",
        )

    def __call__(
        self,
        samples: SampleCollection,
        metric: str | Sequence[str] = "nr",
        *,
        delegate: bool = False,
        slice_name: str | None = None,
        model: str | None = None,
        only_missing: bool = False,
        device: str = "auto",
        batch_size: int | None = None,
        weights: str | None = None,
    ) -> foo.ExecutionResult:
        """Run the operator from Python.

        Args:
            samples: dataset or view
            metric: name of a no-reference metric, or several names
            delegate: queue the work for ``fiftyone delegated launch`` rather than do it now
            slice_name: slice to score, of a grouped dataset; by default all of its images
            model: path of a trained model to score with in place of ``metric``
            only_missing: leave samples alone that have a score
            device: "auto", "cpu" or "cuda"
            batch_size: images at a time; None for what suits the device
            weights: path of the weights, or of a folder of them; None to search
        """
        return self.run(
            samples,
            delegate=delegate,
            metrics=[metric] if isinstance(metric, str) else list(metric),
            slice_name=slice_name,
            model=model,
            only_missing=only_missing,
            device=device,
            batch_size=batch_size,
            weights=weights,
        )

    def source(self, params: dict[str, Any]) -> ImageSource:
        """Where the images are, as the form says."""
        return ImageSource(params.get("slice_name") or None)

    def source_inputs(self, inputs: types.Object, samples: SampleCollection) -> None:
        """The slice of a grouped dataset."""
        if is_grouped(samples):
            slices = samples._root_dataset.group_slices
            choice(inputs, "slice_name", "Slice (empty: all images)", slices, None, required=False)

    def extra_inputs(self, inputs: types.Object) -> None:
        """Weights."""
        weights_input(inputs)
