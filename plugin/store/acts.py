"""What a curator does to samples, and how it is undone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import uuid4

import fiftyone as fo
import fiftyone.core.media as fom
import fiftyone.core.odm as foo
from bson import ObjectId
from fiftyone import ViewField as F
from fiftyone.core.collections import SampleCollection
from fiftyone.operators.store import ExecutionStore

from ..errors import UsageError
from .distributions import images_of
from .presentation import to_sidebar

REVIEW_FIELD: Final = "quality_review"
KEEP: Final = "keep"
REJECT: Final = "reject"
UNSURE: Final = "unsure"
REVIEWS: Final = {KEEP: "Keep", REJECT: "Reject", UNSURE: "Unsure"}
UNDOABLE: Final = 10
"""How many acts can be undone, the last first."""

_ACTS: Final = "acts"
_PREFIX: Final = "image_quality.undo."
"""What the collections start with that hold what samples were before an act."""


class Acts:
    """Acts on samples of a dataset; the last ten can be undone, also by another process.

    Args:
        dataset: the dataset
        store: where the record of the acts is kept: one of the dataset's
    """

    def __init__(self, dataset: fo.Dataset, store: ExecutionStore) -> None:
        self._dataset = dataset
        self._store = store

    @property
    def last(self) -> str | None:
        """What was done last, in words, if it can be undone."""
        acts = self._list()
        return acts[-1]["words"] if acts else None

    def tag(self, samples: SampleCollection, tag: str) -> int:
        """Tag samples; returns how many had not had the tag."""
        tag = _name(tag, "tag")
        fresh = samples.match(~F("tags").contains(tag))
        changed = self._keep("tag", f"tag “{tag}”", fresh, tag=tag)
        fresh.tag_samples(tag)
        return changed

    def untag(self, samples: SampleCollection, tag: str) -> int:
        """Take a tag off samples; returns how many had it."""
        tag = _name(tag, "tag")
        tagged = samples.match_tags(tag)
        changed = self._keep("untag", f"untag “{tag}”", tagged, tag=tag)
        tagged.untag_samples(tag)
        return changed

    def review(self, samples: SampleCollection, verdict: str) -> int:
        """Record a verdict on samples, one of ``REVIEWS``; returns on how many."""
        if not self._dataset.has_field(REVIEW_FIELD):
            words = "What a curator decided: keep, reject or unsure"
            self._dataset.add_sample_field(REVIEW_FIELD, fo.StringField, description=words)
            self._dataset.create_index(REVIEW_FIELD)
            to_sidebar(self._dataset, [REVIEW_FIELD], new=True)
        changed = self._keep("review", f"review: {verdict}", samples)
        self._set_reviews(dict.fromkeys(samples.values("id"), verdict))
        return changed

    def save_view(self, samples: SampleCollection, name: str) -> int:
        """Keep samples as a saved view; returns how many there are.

        Raises:
            UsageError: there is no name, or another view has it
        """
        name = _name(name, "saved view")
        if self._dataset.has_saved_view(name):
            raise UsageError(f"{self._dataset.name} has a saved view {name!r} already; choose another name")
        self._dataset.save_view(name, samples.view())
        self._record({"kind": "save_view", "words": f"save view “{name}”", "name": name})
        return len(samples)

    def delete(self, samples: SampleCollection) -> int:
        """Delete samples from the dataset; their files stay. Returns how many.

        Raises:
            UsageError: the dataset has videos, whose frames could not be brought back
        """
        media = {self._dataset.media_type, *(self._dataset.group_media_types or {}).values()}
        if fom.VIDEO in media:
            raise UsageError(f"{self._dataset.name} has videos, whose frames could not be brought back")
        changed = self._keep("delete", "delete from dataset", samples, whole=True)
        self._dataset.delete_samples(samples)
        return changed

    def undo(self) -> str:
        """Undo what was done last; returns it in words.

        Raises:
            UsageError: there is nothing to undo
        """
        acts = self._list()
        if not acts:
            raise UsageError("there is nothing to undo")
        act = acts.pop()
        _UNDO[act["kind"]](self, act)
        self._store.set(_ACTS, acts)
        self._forget(act)
        return str(act["words"])

    def _list(self) -> list[dict[str, Any]]:
        return list(self._store.get(_ACTS) or [])

    def _keep(self, kind: str, words: str, samples: SampleCollection, *, whole: bool = False, **more: Any) -> int:
        """Keep what samples are before an act; returns how many there are."""
        _drop_orphans()
        before = f"{_PREFIX}{self._dataset._doc.id}.{uuid4().hex}"
        fields = [] if whole else [{"$project": {REVIEW_FIELD: True}}]
        samples._aggregate(pipeline=[*fields, {"$out": before}])
        number = int(_database()[before].estimated_document_count())
        if not number:
            raise UsageError(f"nothing to do ({words}): no sample would change")
        self._record({"kind": kind, "words": f"{words} ({number:,})", "before": before, **more})
        return number

    def _record(self, act: dict[str, Any]) -> None:
        acts = [*self._list(), act]
        for old in acts[:-UNDOABLE]:
            self._forget(old)
        self._store.set(_ACTS, acts[-UNDOABLE:])

    def _forget(self, act: Mapping[str, Any]) -> None:
        if "before" in act:
            _database().drop_collection(act["before"])

    def _before(self, act: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
        found: Iterable[dict[str, Any]] = _database()[act["before"]].find()
        return found

    def _changed(self, act: Mapping[str, Any]) -> SampleCollection:
        return images_of(self._dataset).select([str(document["_id"]) for document in self._before(act)])

    def _undo_tag(self, act: Mapping[str, Any]) -> None:
        self._changed(act).untag_samples(act["tag"])

    def _undo_untag(self, act: Mapping[str, Any]) -> None:
        self._changed(act).tag_samples(act["tag"])

    def _undo_review(self, act: Mapping[str, Any]) -> None:
        if not self._dataset.has_field(REVIEW_FIELD):  # Somebody deleted it: what it said before is gone anyway.
            return
        here = set(self._changed(act).values("id"))
        earlier = {str(document["_id"]): document.get(REVIEW_FIELD) for document in self._before(act)}
        self._set_reviews({id_: verdict for id_, verdict in earlier.items() if id_ in here})

    def _undo_save_view(self, act: Mapping[str, Any]) -> None:
        if self._dataset.has_saved_view(act["name"]):
            self._dataset.delete_saved_view(act["name"])

    def _undo_delete(self, act: Mapping[str, Any]) -> None:
        merge = {"into": self._dataset._sample_collection_name, "whenMatched": "keepExisting"}
        now = {"$set": {"last_modified_at": "$$NOW"}}
        _database()[act["before"]].aggregate([now, {"$merge": merge}])

    def _set_reviews(self, verdicts: Mapping[str, str | None]) -> None:
        self._dataset.set_values(REVIEW_FIELD, dict(verdicts), key_field="id")


_UNDO: Final = {
    "tag": Acts._undo_tag,
    "untag": Acts._undo_untag,
    "review": Acts._undo_review,
    "save_view": Acts._undo_save_view,
    "delete": Acts._undo_delete,
}


def _name(text: str, of: str) -> str:
    name = (text or "").strip()
    if not name:
        raise UsageError(f"the {of} needs a name: type one")
    return name


def _database() -> Any:
    return foo.get_db_conn()


def _drop_orphans() -> None:
    """Drop what is kept of datasets that are no more."""
    database = _database()
    for name in database.list_collection_names(filter={"name": {"$regex": f"^{_PREFIX}"}}):
        owner = name.removeprefix(_PREFIX).partition(".")[0]
        if not database.datasets.count_documents({"_id": ObjectId(owner)}, limit=1):
            database.drop_collection(name)
