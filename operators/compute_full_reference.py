"""Operator: score distorted images against their references."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import fiftyone.operators as foo
from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.metrics import Kind
from ..plugin.store import PairSource, is_grouped, path_fields
from .compute import ComputeOperator, weights_input
from .forms import choice, delegable


class ComputeFullReference(ComputeOperator):
    """Scores the pairs of a view with full-reference metrics and writes the scores to fields."""

    kind: Kind = "FR"
    default_metric = "deepmse"

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows and allows."""
        return delegable(
            "compute_full_reference",
            "Compute full-reference image quality",
            "Score distorted images against their references, e.g. with DeepMSE",
            "compare",
        )

    def __call__(
        self,
        samples: SampleCollection,
        metric: str | Sequence[str] = "deepmse",
        *,
        delegate: bool = False,
        ref_field: str = PairSource.ref_field,
        ref_slice: str = PairSource.ref_slice,
        dist_slice: str = PairSource.dist_slice,
        model: str | None = None,
        only_missing: bool = False,
        error_maps: bool = True,
        device: str = "auto",
        batch_size: int | None = None,
        weights: str | None = None,
    ) -> foo.ExecutionResult:
        """Run the operator from Python.

        Args:
            samples: dataset or view
            metric: name of a full-reference metric, or several names
            delegate: queue the work for ``fiftyone delegated launch`` rather than do it now
            ref_field: field with the references' paths, in a flat dataset
            ref_slice: slice with the references, in a grouped dataset
            dist_slice: slice with the distorted images, in a grouped dataset
            model: path of a trained model to score with in place of ``metric``
            only_missing: leave samples alone that have a score
            error_maps: write error maps too, of metrics that have them
            device: "auto", "cpu" or "cuda"
            batch_size: images at a time; None for what suits the device
            weights: path of the weights, or of a folder of them; None to search
        """
        return self.run(
            samples,
            delegate=delegate,
            metrics=[metric] if isinstance(metric, str) else list(metric),
            ref_field=ref_field,
            ref_slice=ref_slice,
            dist_slice=dist_slice,
            model=model,
            only_missing=only_missing,
            error_maps=error_maps,
            device=device,
            batch_size=batch_size,
            weights=weights,
        )

    def source(self, params: dict[str, Any]) -> PairSource:
        """Where the pairs are, as the form says."""
        names = ("ref_field", "ref_slice", "dist_slice")
        return PairSource(**{name: params[name] for name in names if params.get(name)})

    def source_inputs(self, inputs: types.Object, samples: SampleCollection) -> None:
        """Field of the references, or the slices of a grouped dataset."""
        dataset = samples._root_dataset
        if not is_grouped(samples):
            choice(inputs, "ref_field", "Field with the reference's path", path_fields(dataset), PairSource.ref_field)
            return
        choice(inputs, "ref_slice", "Slice of references", dataset.group_slices, PairSource.ref_slice)
        choice(inputs, "dist_slice", "Slice of distorted images", dataset.group_slices, PairSource.dist_slice)

    def extra_inputs(self, inputs: types.Object) -> None:
        """Error maps and weights."""
        inputs.bool(
            "error_maps",
            default=True,
            label="Save error maps",
            description="Show where the images differ, as an overlay on each sample; of metrics that have maps",
        )
        weights_input(inputs)
