"""Where a score stands: beside the scores of photographs that were distorted on purpose, by a table that is packaged.

``deepmse standing`` makes the table. Of each metric, distortion and strength it keeps the quartiles over the
photographs.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..metrics import MetricInfo

PACKAGED: Final = Path(__file__).parent / "packaged" / "standing.json"

FORMAT: Final = "deepmse-standing-1"

#: What of a metric's settings decides its scores, and so must be the table's for a score to be put beside it.
_DECISIVE: Final = ("preset", "weights", "heads", "policy")


@dataclass(frozen=True)
class Ladder:
    """One distortion at several strengths, the mildest first.

    Args:
        title: the distortion in words, such as "JPEG quality" or "Gaussian blur"
        steps: the strengths, as numbers that people know them by
        scale: whether values between the steps have a meaning ("number") or only their order ("level")
    """

    title: str
    steps: tuple[float, ...]
    scale: Literal["number", "level"]

    def between(self, badness: float, quartiles: NDArray[np.float64]) -> str:
        """Where a score lies, in words that follow "like" or "as bad as".

        Args:
            badness: the score, turned so that higher is worse
            quartiles: of the photographs' at each step, likewise turned, shape (steps, 3), the lowest first
        """
        if self.scale == "level":
            place = bisect_left(quartiles[:, 1].tolist(), badness)
            if place == 0:
                return f"below level {self.steps[0]:g} of {self.title}"
            if place == len(self.steps):
                return f"above level {self.steps[-1]:g} of {self.title}"
            return f"between level {self.steps[place - 1]:g} and {self.steps[place]:g} of {self.title}"
        low, _, high = np.maximum.accumulate(quartiles).T
        if badness < low[0]:
            return f"better than {self.title} {self.steps[0]:g}"
        if badness > high[-1]:
            return f"worse than {self.title} {self.steps[-1]:g}"
        # Among the middle half of the photographs: from where the worst quarter begins to where the best one ends.
        mildest, strongest = (float(np.interp(badness, ends, self.steps)) for ends in (high, low))
        ends = sorted((round(mildest), round(strongest)))
        return f"{self.title} {ends[0]}" if ends[0] == ends[1] else f"{self.title} {ends[0]} to {ends[1]}"


@dataclass(frozen=True)
class StandingTable:
    """Quartiles of scores of distorted photographs.

    Args:
        photographs: how many there are
        source: what they are, in words
        ladders: the distortions, by name
        settings: what decided each metric's scores, as :func:`decisive` has it, by the metric's name
        quartiles: by metric and distortion, shape (steps, 3): 25 %, 50 % and 75 % of the photographs score lower
    """

    photographs: int
    source: str
    ladders: Mapping[str, Ladder]
    settings: Mapping[str, Mapping[str, Any]]
    quartiles: Mapping[str, Mapping[str, NDArray[np.float64]]]

    def stands(self, metric: MetricInfo, value: float, settings: Mapping[str, Any]) -> tuple[str, ...]:
        """Where a score stands among each distortion, in words; nothing where the table can't tell.

        It can't of metrics that it does not have, of scores made with other weights or another policy, and among
        distortions that the metric's median does not fall with.

        Args:
            metric: the metric
            value: its score
            settings: everything that decided it, as :meth:`Scorer.describe` has it for the metric
        """
        if metric.name not in self.quartiles or decisive(settings) != self.settings[metric.name]:
            return ()
        sign = 1 if metric.lower_is_better else -1
        said = []
        for name, ladder in self.ladders.items():
            turned = np.sort(sign * self.quartiles[metric.name][name], axis=1)
            if (np.diff(turned[:, 1]) > 0).all():
                said.append(ladder.between(sign * value, turned))
        return tuple(said)

    def to_json(self) -> str:
        """The table as text, to five digits."""
        found = {
            "format": FORMAT,
            "photographs": self.photographs,
            "source": self.source,
            "ladders": {
                name: {"title": ladder.title, "scale": ladder.scale, "steps": ladder.steps}
                for name, ladder in self.ladders.items()
            },
            "metrics": {
                metric: {
                    "settings": self.settings[metric],
                    "quartiles": {name: _rounded(values) for name, values in by_ladder.items()},
                }
                for metric, by_ladder in self.quartiles.items()
            },
        }
        return json.dumps(found, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """A table that :meth:`to_json` wrote.

        Raises:
            UsageError: if it is something else
        """
        try:
            found = json.loads(text)
            if found["format"] != FORMAT:
                raise ValueError(f"its format is {found['format']}")
            return cls(
                photographs=int(found["photographs"]),
                source=str(found["source"]),
                ladders={
                    name: Ladder(each["title"], tuple(each["steps"]), each["scale"])
                    for name, each in found["ladders"].items()
                },
                settings={metric: each["settings"] for metric, each in found["metrics"].items()},
                quartiles={
                    metric: {name: np.array(values) for name, values in each["quartiles"].items()}
                    for metric, each in found["metrics"].items()
                },
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise UsageError(f"no table of standings that this version reads ({error!r})") from error


@cache
def packaged() -> StandingTable:
    """The table that comes with this package."""
    return StandingTable.from_json(PACKAGED.read_text(encoding="utf-8"))


def decisive(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What decides a metric's scores, of all that :meth:`Scorer.describe` says of it."""
    kept = {key: settings[key] for key in _DECISIVE if key in settings}
    return {
        key: value.get("sha256", value.get("name")) if isinstance(value, Mapping) else value
        for key, value in kept.items()
    }


def _rounded(values: NDArray[np.float64]) -> list[list[float]]:
    return [[float(f"{value:.5g}") for value in row] for row in values]
