"""One event of the panel: what is chosen, what it comes to, and what can be done with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import fiftyone as fo

from ...figures import Figure, threshold_histogram, value_bars
from ...store import (
    AND,
    Acts,
    Condition,
    Distribution,
    build_view,
    count,
    criterion,
    distribution,
    images_of,
    in_words,
    is_meeting,
    meeting,
    value_counts,
    view_stages,
)
from ..pinned import PinnedSession
from .acts import TAG
from .offer import FLAG, Offered, offered
from .threshold import BY_SHARE, BY_VALUE, SHARES, Slider, Threshold, settled, ways

STORE: Final = "deepmse_quality_curation"
BINS: Final = 60
CONTROLS: Final = {
    **{name: f"controls.{name}" for name in ("field", "worse", "by", "grade")},
    "amount": "amount",
    "join": "joins.join",
}
"""Where the panel's state holds what is chosen, by the control's name."""

_KEPT: Final = "thresholds"


class Session(PinnedSession):
    """One event of the panel. Numbers are those of the pinned view."""

    @cached_property
    def offer(self) -> dict[str, Offered]:
        """The fields that thresholds can be set on."""
        return offered(self.dataset)

    @cached_property
    def images(self) -> Any:
        """The samples that the pinned view stands for."""
        return images_of(self.pinned)

    @cached_property
    def acts(self) -> Acts:
        """What can be done to samples, and undone."""
        return Acts(self.dataset, self.ctx.store(STORE))

    @cached_property
    def threshold(self) -> Threshold:
        """The threshold that is being set."""
        return settled(self.wanted, self.offer, self.images, self.values)

    @property
    def wanted(self) -> dict[str, Any]:
        """What is chosen, by the control's name; None for the default."""
        return {name: self.state.get(path) for name, path in CONTROLS.items()}

    @cached_property
    def condition(self) -> Condition:
        """The condition that it sets."""
        return self.threshold.condition(self.images)

    @property
    def is_ours(self) -> bool:
        """Whether the App shows the pinned view, or one that the panel has set, maybe after this event was sent."""
        if super().is_ours or self.pinned._is_generated:
            return super().is_ours
        base = view_stages(self.images.view())
        shown = view_stages(build_view(self.dataset, self.ctx.request_params.get("view")))
        return shown[: len(base)] == base and is_meeting(shown[len(base) :])

    @property
    def conditions(self) -> list[Condition]:
        """All conditions, the one that is being set first."""
        others = [Condition(**other) for other in self.state.others or []]
        return [self.condition, *(other for other in others if other != self.condition)]

    @property
    def join(self) -> str:
        """Whether images have to meet all conditions or one of them."""
        return str(self.wanted["join"] or AND)

    @property
    def words(self) -> str:
        """The conditions in a line."""
        return in_words(self.conditions, self.join)

    @property
    def meeting(self) -> fo.DatasetView:
        """The images that meet the conditions."""
        return meeting(self.images, self.conditions, self.join)

    @property
    def targets(self) -> fo.DatasetView:
        """What acts are on: the samples selected in the grid, else the images that meet the conditions."""
        return images_of(self.dataset).select(self.ctx.selected) if self.ctx.selected else self.meeting

    def start_over(self) -> None:
        """Choose nothing, as for a new dataset."""
        self.set_controls(**dict.fromkeys(CONTROLS))
        self.state.set({"others": [], "asked": 0, "settled": None, "naming.name": TAG})

    def values(self, field: str) -> Distribution:
        """How a field's values are distributed over the pinned view: from the state where it was computed before."""
        known = self.state.values or {}
        if known.get("field") != field:
            found = distribution(self.images, field, BINS)
            # The App has no NaN, which the bounds of no values are.
            low, high = (found.low, found.high) if found.counts else (None, None)
            known = {"field": field, "low": low, "high": high, "counts": list(found.counts), "total": found.total}
            self.state.set("values", known)
        low, high = (math.nan if known[name] is None else known[name] for name in ("low", "high"))
        return Distribution(low, high, tuple(known["counts"]), known["total"])

    def forget_values(self) -> None:
        """Compute distributions anew: the samples or their values have changed."""
        self.state.set("values", None)

    def set_controls(self, **controls: Any) -> None:
        """Set controls by name, None for the default, and what follows from them."""
        self.state.set({CONTROLS[name]: value for name, value in controls.items()})
        for name in ("threshold", "condition"):
            self.__dict__.pop(name, None)

    def kept(self) -> list[dict[str, Any]]:
        """Thresholds that were kept with the dataset, the newest first."""
        return list(self.ctx.store(STORE).get(_KEPT) or [])

    def keep(self, thresholds: Sequence[Mapping[str, Any]]) -> None:
        """Keep thresholds with the dataset."""
        self.ctx.store(STORE).set(_KEPT, list(thresholds))

    def show_meeting(self) -> None:
        """Show the images that meet the conditions in the grid, the worst first."""
        self.show_view(self.meeting, self.words)

    def update(self) -> None:
        """Compute what is shown."""
        problem = self._problem()
        self.state.set("problem", problem)
        if problem:
            return
        threshold = self.threshold
        total = count(self.images)
        number = count(self.images, criterion(self.conditions, self.join))
        figure, missing = self._figure(threshold)
        slider = SHARES if threshold.by == BY_SHARE else self._slider(threshold)
        wanted = self.wanted
        controls = {
            "field": threshold.offered.field,
            "worse": "lower" if threshold.lower_is_worse else "higher",
            "by": threshold.by,
            "amount": threshold.amount,
            "grade": threshold.grade,
            "join": self.join,
        }
        self.state.set(
            {
                # Only what is not as the App has it: it answers each change of a control with an event.
                **{CONTROLS[name]: value for name, value in controls.items() if wanted[name] != value},
                "settled": controls,
                "fields": {name: each.title for name, each in self.offer.items()},
                "ways": ways(threshold.offered),
                "grades": list(threshold.offered.grades),
                "is_flag": threshold.offered.kind == FLAG,
                "slider": slider and [slider.low, slider.high, slider.step],
                "number": number,
                "total": total,
                "words": self.words,
                "table": [{"condition": str(condition)} for condition in self.conditions[1:]],
                "missing": missing if threshold.offered.metric else 0,
                "kept": [each["words"] for each in self.kept()],
                "last_act": self.acts.last,
                "n_selected": len(self.ctx.selected),
                "layout": figure.layout,
                # What the App would lay the new traces over.
                "figures": {},
            }
        )
        self.ctx.panel.data.set("figures.histogram", figure.data)

    def _problem(self) -> str | None:
        if self.pinned._is_generated:
            return "parts of images"
        return None if self.offer else "no scores"

    def _figure(self, threshold: Threshold) -> tuple[Figure, int]:
        """The histogram, and how many images have no value."""
        field = threshold.offered.field
        if threshold.offered.kind == FLAG:
            found = value_counts(self.images, field)
            counts, unknown = {"yes": found.get(True, 0), "no": found.get(False, 0)}, found.get(None, 0)
            counts |= {"not known": unknown} if unknown else {}
            return value_bars(counts, title=field, bad="yes"), unknown
        values = self.values(field)
        figure = threshold_histogram(
            values.edges,
            values.counts,
            title=threshold.offered.title,
            threshold=threshold.place(self.condition),
            lower_is_worse=threshold.lower_is_worse,
        )
        return figure, values.total - values.valued

    def _slider(self, threshold: Threshold) -> Slider | None:
        if threshold.by != BY_VALUE or threshold.offered.kind == FLAG:
            return None
        values = self.values(threshold.offered.field)
        return Slider.over(values) if values.counts else None
