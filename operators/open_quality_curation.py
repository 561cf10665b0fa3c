"""Operator: open the panel that finds and marks bad images."""

from __future__ import annotations

import fiftyone.operators as foo
from fiftyone.operators import types


class OpenQualityCuration(foo.Operator):
    """A button above the grid that opens the curation panel beside it."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What the App shows."""
        return foo.OperatorConfig(
            name="open_quality_curation",
            label="Open quality curation",
            description="Find bad images by thresholds on scores, look at them, and act",
            icon="cleaning_services",
        )

    def resolve_placement(self, ctx: foo.ExecutionContext) -> types.Placement:
        """Among the grid's buttons."""
        button = types.Button(label="Quality curation", icon="cleaning_services", prompt=False)
        return types.Placement(types.Places.SAMPLES_GRID_SECONDARY_ACTIONS, button)

    def execute(self, ctx: foo.ExecutionContext) -> None:
        """Open the panel."""
        ctx.ops.open_panel("quality_curation", layout="horizontal", is_active=True)
