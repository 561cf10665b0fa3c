"""The operator that opens a sample's images in the quality page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.errors import UsageError
from ..plugin.page_link import LOCAL_PAGE, link_to
from ..plugin.store import ImageSource, PairSource
from .forms import problem


class OpenInQualityApp(foo.Operator):
    """Brings the selected sample's pair, or its image where it has no reference, to a running quality page."""

    @property
    def config(self) -> foo.OperatorConfig:
        """What FiftyOne shows."""
        return foo.OperatorConfig(
            name="open_in_quality_app",
            label="Image quality: open in the quality page",
            description="Open the selected sample beside its reference, or by itself, in a running `deepmse app`",
            icon="open_in_new",
            dynamic=True,
            risk_level="low",
        )

    def resolve_input(self, ctx: foo.ExecutionContext) -> types.Property:
        """The form."""
        inputs = types.Object()
        inputs.str(
            "address",
            default=LOCAL_PAGE,
            required=True,
            label="Address of the page",
            description="That of your own `deepmse app`. The sample's files, and nothing else, are sent there",
        )
        try:
            files = _files(ctx)
            inputs.md(" · ".join(f"`{file.name}`" for file in files), name="files")
        except UsageError as error:
            problem(inputs, "Nothing to open", str(error))
        return types.Property(inputs, view=types.View(label=self.config.label))

    def execute(self, ctx: foo.ExecutionContext) -> dict[str, Any]:
        """Send the files, and answer the link that opens them."""
        return {"link": link_to(ctx.params.get("address") or LOCAL_PAGE, _files(ctx))}

    def resolve_output(self, ctx: foo.ExecutionContext) -> types.Property:
        """The link."""
        outputs = types.Object()
        outputs.md(f"[Open in the quality page]({ctx.results['link']})", name="link")
        return types.Property(outputs, view=types.View(label="The page has the images"))


def _files(ctx: foo.ExecutionContext) -> list[Path]:
    """The files of the only selected sample, or of the one that is open: reference and distorted image, or one image.

    Raises:
        UsageError: if it is not one sample, or it has no image
    """
    chosen = [ctx.current_sample] if ctx.current_sample else ctx.selected
    if ctx.dataset is None or len(chosen) != 1:
        raise UsageError("select one sample")
    sample = ctx.dataset.select(chosen)
    pairs = PairSource()
    try:
        pairs.check(sample)
        found = next(((distorted, reference) for _, distorted, reference, _ in pairs.read(sample) if reference), None)
    except UsageError:
        found = None
    if found is not None:
        distorted, reference = found
        return [Path(str(reference)), Path(distorted)]
    images = ImageSource()
    images.check(sample)
    return [Path(path) for _, path, *_ in images.read(sample)][:1]
