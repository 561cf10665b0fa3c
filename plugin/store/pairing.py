"""References of a view's images, proposed by what the pictures show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import fiftyone as fo
from fiftyone.core.collections import SampleCollection

from ..errors import UsageError
from ..images import images_below
from .compute import Progress
from .fields import REF_FIELD
from .items import ImageSource
from .presentation import to_sidebar

CONFIDENCE_FIELD: Final = f"{REF_FIELD}_confidence"
REVIEW: Final = "proposed references"
"""Name of the saved view in which proposals are looked at, the least sure first."""


#: Files between two reports of progress.
_STEP: Final = 25


class ReferencesJob:
    """Proposes references: ``ref_path``, a confidence, and a saved view of them, the least sure first.

    Iterating does the work.

    Args:
        samples: dataset or view of images
        originals: folder of the originals, with all below it
        overwrite: also write to samples that have a reference

    Raises:
        UsageError: there is no such folder, the view is not of whole images, a field is of another kind, or all
            samples have references
    """

    def __init__(self, samples: SampleCollection, originals: Path, *, overwrite: bool = False) -> None:
        source = ImageSource()
        source.check(samples)
        self._dataset: fo.Dataset = samples._root_dataset
        name, field = self._dataset.name, self._dataset.get_field(REF_FIELD)
        if field is not None and not isinstance(field, fo.StringField):
            raise UsageError(f"{name}: the field {REF_FIELD!r} holds no text; rename or delete it")
        view = source.scored(samples)
        if field is not None and not overwrite:
            view = view.exists(REF_FIELD, False)
        self._ids, self._paths = view.values(["id", "filepath"])
        if not self._ids:
            raise UsageError(f"{name}: there are no samples without a reference; overwrite them, or choose others")
        self._candidates = images_below(originals).images
        if not self._candidates:
            raise UsageError(f"{originals}: no image there")
        self._summary: dict[str, int] | None = None

    @property
    def summary(self) -> dict[str, int]:
        """How many samples were "looked at" and "paired"; there is one once the iteration has ended."""
        if self._summary is None:
            raise RuntimeError("the work has not ended")
        return self._summary

    def __iter__(self) -> Iterator[Progress]:
        """Do the work."""
        from ..engine.content_pairing import looked_at, pair_by_content

        copies = [Path(path) for path in self._paths]
        files, found = [*self._candidates, *copies], []
        yield Progress(0, len(files), 0)
        for done, each in enumerate(looked_at(files), 1):
            found.append(each)
            if done % _STEP == 0:
                yield Progress(done, len(files), 0)
        pairs = dict(zip(self._ids, pair_by_content(self._candidates, copies, found), strict=True))
        references = {key: str(pair.ref.absolute()) if pair.ref else None for key, pair in pairs.items()}
        self._write(references, {key: pair.confidence for key, pair in pairs.items()})
        paired = sum(reference is not None for reference in references.values())
        self._summary = {"looked at": len(pairs), "paired": paired}
        yield Progress(len(files), len(files), 0)

    def _write(self, references: dict[str, str | None], confidences: dict[str, float]) -> None:
        dataset = self._dataset
        dataset.add_sample_field(REF_FIELD, fo.StringField, description="Path of the undistorted image")
        description = "How much nearer the proposed reference is than the next one, 0 to 1"
        dataset.add_sample_field(CONFIDENCE_FIELD, fo.FloatField, description=description)
        dataset.set_values(REF_FIELD, references, key_field="id", expand_schema=False)
        dataset.set_values(CONFIDENCE_FIELD, confidences, key_field="id", expand_schema=False)
        dataset.create_index(CONFIDENCE_FIELD)
        to_sidebar(dataset, [REF_FIELD, CONFIDENCE_FIELD])
        review = dataset.exists(CONFIDENCE_FIELD).sort_by(CONFIDENCE_FIELD)
        dataset.save_view(REVIEW, review, description="Proposed references, the least sure first", overwrite=True)
