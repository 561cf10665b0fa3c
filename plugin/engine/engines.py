"""Which engine scores: this process, or a Ray cluster. Loads no PyTorch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from ..errors import UsageError

if TYPE_CHECKING:
    from ..metrics.base import AnyMetric
    from .records import Item, Score

LOCAL: Final = "local"
RAY: Final = "ray"
ENGINES: Final = (LOCAL, RAY)


class Engine(Protocol):
    """A stream of items in, a stream of scores out, in order, errors as data."""

    metrics: dict[str, AnyMetric]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a user must know before trusting the scores."""

    def describe(self) -> dict[str, Any]:
        """Everything that decides the scores, for run records; JSON-able."""

    def run(self, items: Iterable[Item]) -> Iterator[Score]:
        """Score items, in order."""


def make_engine(
    metrics: Sequence[str], engine: str = LOCAL, cluster: Mapping[str, Any] | None = None, **settings: Any
) -> Engine:
    """The engine of a name.

    Args:
        metrics: metric names
        engine: ``local`` or ``ray``
        cluster: what :class:`~.ray.RayScorer` takes beside: ``address``, ``workers``, ``gpus_per_worker``
        settings: see :class:`~.scorer.Scorer`

    Raises:
        UsageError: if there is no such engine, it is not installed, or a setting is wrong
        WeightsError: if a metric's weights are not found
    """
    given = {key: value for key, value in (cluster or {}).items() if value is not None}
    if engine == LOCAL:
        from .scorer import Scorer

        if given:
            raise UsageError(f"{', '.join(sorted(given))}: of the engine ray alone")
        return Scorer(metrics, **settings)
    if engine != RAY:
        raise UsageError(f"no engine {engine!r}; there are {', '.join(ENGINES)}")
    try:
        from .ray import RayScorer
    except ModuleNotFoundError as error:
        raise UsageError(
            f"the engine ray needs the package {error.name}: pip install 'fiftyone-deepmse[ray]'"
        ) from None
    return RayScorer(metrics, **given, **settings)
