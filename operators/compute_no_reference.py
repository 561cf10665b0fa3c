"""Operator: score images by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.metrics import Kind
from ..plugin.store import ImageSource
from .compute import ComputeOperator, weights_input
from .forms import delegable, icon_file, slice_choice


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
            "A score for each image by itself: find blurry, noisy, badly compressed images, or sharp ones (NR-IQA)",
            "no-reference",
            drawn=True,
        )

    def __call__(
        self,
        samples: SampleCollection,
        metric: str | Sequence[str] = "nr",
        *,
        slice_name: str | None = None,
        **how: Any,
    ) -> foo.ExecutionResult:
        """Run the operator from Python.

        Args:
            samples: dataset or view
            metric: name of a no-reference metric, or several names
            slice_name: slice to score, of a grouped dataset; by default all of its images
            how: ``delegate``, ``model``, ``only_missing``, ``device``, ``batch_size``, ``weights``: see :meth:`run`
        """
        return self.run(samples, metric, {"slice_name": slice_name}, **how)

    def resolve_placement(self, ctx: foo.ExecutionContext) -> types.Placement:
        """A button above the grid."""
        icons = {f"{theme}Icon": icon_file("no-reference", theme) for theme in ("light", "dark")}
        button = types.Button(label="Score image quality", prompt=True, **icons)
        return types.Placement(types.Places.SAMPLES_GRID_SECONDARY_ACTIONS, button)

    def source(self, params: dict[str, Any]) -> ImageSource:
        """Where the images are, as the form says."""
        return ImageSource(params.get("slice_name") or None)

    def source_inputs(self, inputs: types.Object, samples: SampleCollection) -> None:
        """The slice of a grouped dataset."""
        slice_choice(inputs, samples)

    def extra_inputs(self, inputs: types.Object) -> None:
        """Weights."""
        weights_input(inputs)
