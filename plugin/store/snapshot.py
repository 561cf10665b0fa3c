"""What a view holds at one moment, read once."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, TypeVar, cast

import fiftyone as fo
from fiftyone.core.collections import SampleCollection

from .fields import INFO_KEY, SCORES_KEY
from .items import is_grouped
from .samples import underlying
from .views import fingerprint

_KEPT: Final = 4
"""How many moments are kept: the views between which somebody goes back and forth."""

Result = TypeVar("Result")


class Snapshot:
    """Fields of a view and what is computed from them: each is read, and each result computed, once.

    Args:
        samples: dataset or view; of grouped ones all slices are read, of dynamically grouped ones all samples

    Raises:
        UsageError: the view is of patches, frames or clips
    """

    def __init__(self, samples: SampleCollection) -> None:
        samples = underlying(samples)
        grouped = is_grouped(samples) and samples.media_type == "group"
        self._samples = samples.select_group_slices() if grouped else samples
        self._ids: list[str] | None = None
        self._columns: dict[str, list[Any]] = {}
        self._results: dict[Hashable, Any] = {}

    @property
    def dataset(self) -> fo.Dataset:
        """The dataset that the view is of."""
        return self._samples._root_dataset

    def columns(self, fields: Sequence[str]) -> list[list[Any]]:
        """Values of each field, those of a sample at the same place in all."""
        unread = [name for name in dict.fromkeys(fields) if name not in self._columns]
        if unread:
            ids, *columns = self._samples.values(["id", *unread])
            if self._ids is None:
                self._ids = ids
            # A filtered view has no order of its own: the database's depends on the index that it takes.
            for name, values in zip(unread, columns, strict=True):
                value_of = dict(zip(ids, values, strict=True))
                self._columns[name] = [value_of.get(id_) for id_ in self._ids]
        return [self._columns[name] for name in fields]

    def once(self, key: Hashable, compute: Callable[[], Result]) -> Result:
        """The result of ``compute``, or of an earlier call with the same key."""
        if key not in self._results:
            self._results[key] = compute()
        return cast(Result, self._results[key])


def take_snapshot(samples: SampleCollection) -> Snapshot:
    """What a view holds now: the same snapshot as before where nothing has changed since.

    Args:
        samples: dataset or view
    """
    dataset = samples._root_dataset
    declared = json.dumps([dataset.info.get(key) for key in (INFO_KEY, SCORES_KEY)], sort_keys=True, default=str)
    stamp = (dataset._doc.id, dataset._max("last_modified_at"), dataset.last_deletion_at, len(dataset), declared)
    return _snapshot(_Moment(fingerprint(samples.view()), stamp, samples))


@dataclass(frozen=True)
class _Moment:
    fingerprint: str
    stamp: tuple[Any, ...]
    samples: SampleCollection = field(compare=False)


@lru_cache(maxsize=_KEPT)
def _snapshot(moment: _Moment) -> Snapshot:
    return Snapshot(moment.samples)
