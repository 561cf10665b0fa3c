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
            "A score for each image beside its reference (FR-IQA): DeepMSE, PSNR, SSIM, LPIPS and others",
            "full-reference",
            drawn=True,
        )

    def __call__(
        self,
        samples: SampleCollection,
        metric: str | Sequence[str] = "deepmse",
        *,
        ref_field: str = PairSource.ref_field,
        ref_slice: str = PairSource.ref_slice,
        dist_slice: str = PairSource.dist_slice,
        error_maps: bool = True,
        **how: Any,
    ) -> foo.ExecutionResult:
        """Run the operator from Python.

        Args:
            samples: dataset or view
            metric: name of a full-reference metric, or several names
            ref_field: field with the references' paths, in a flat dataset
            ref_slice: slice with the references, in a grouped dataset
            dist_slice: slice with the distorted images, in a grouped dataset
            error_maps: write error maps too, of metrics that have them
            how: ``delegate``, ``model``, ``only_missing``, ``device``, ``batch_size``, ``weights``: see :meth:`run`
        """
        where = {"ref_field": ref_field, "ref_slice": ref_slice, "dist_slice": dist_slice, "error_maps": error_maps}
        return self.run(samples, metric, where, **how)

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
