"""One event of the panel: which pair is inspected, and what is shown of it."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import fiftyone.operators as foo

from ...errors import ImageError, UsageError, WeightsError
from ...figures import Figure, picture_grid
from ...overlay import PALETTE
from ...store import Pair, pair_of
from .content import COMPARED, MAPS, figures_of, words_of

_NOTHING: Final = "**No image to inspect**: this view has none."


class Session:
    """One event of the panel.

    Args:
        ctx: the App's context of the event

    Attributes:
        ctx: the App's context of the event
        state: what the panel keeps in the App
    """

    def __init__(self, ctx: foo.ExecutionContext) -> None:
        self.ctx = ctx
        self.state = ctx.panel.state

    @cached_property
    def pair(self) -> Pair | None:
        """What is inspected: the open sample, else the one that was chosen last, else the first of the grid."""
        for sample_id in (self.ctx.current_sample, self.state.sample, *self.ctx.view.limit(1).values("id")):
            if sample_id and (found := pair_of(self.ctx.dataset, sample_id)):
                return found
        return None

    @property
    def is_shown(self) -> bool:
        """Whether the pair is shown already."""
        return self.pair is not None and self.pair.id == self.state.shown

    def inspect(self, sample_id: str) -> None:
        """Go to another sample: open it where one is open."""
        if self.ctx.current_sample:
            self.ctx.ops.open_sample(id=sample_id)
            return
        self.state.set("sample", sample_id)
        self.update()

    def update(self) -> None:
        """Show the pair."""
        pair = self.pair
        self._show(figures_of(pair) if pair else {}, words_of(pair) if pair else _NOTHING)

    def show_stages(self) -> None:
        """Show where DeepMSE's stages see a difference, too.

        Raises:
            UsageError: there is no reference, or something that is needed cannot be read
        """
        pair = self.pair
        if pair is None or pair.reference is None:
            raise UsageError("without a reference there is nothing to compare with")
        # Here and not at the top: this imports torch.
        from ...engine.stages import stage_maps

        try:
            found = stage_maps(pair.reference, pair.path)
        except (ImageError, WeightsError) as error:
            raise UsageError(str(error)) from error
        pictures = [PALETTE[stage.levels] for stage in found]
        captions = [f"{stage.name}: {stage.value:.4g}" for stage in found]
        maps = {MAPS: picture_grid(pictures, captions, len(pictures))}
        self._show({**figures_of(pair), **maps}, words_of(pair))

    def _show(self, figures: dict[str, Figure], words: str) -> None:
        self.state.set(
            {
                "words": words,
                "shown": self.pair and self.pair.id,
                "layouts": {name: figure.layout for name, figure in figures.items()},
                "can_compare": COMPARED in figures and MAPS not in figures,
                # What the App would lay the new traces over.
                "figures": {},
            }
        )
        self.ctx.panel.data.set({f"figures.{name}": figure.data for name, figure in figures.items()})
