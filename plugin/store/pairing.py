"""References of a view's images, proposed by what the pictures show."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import fiftyone as fo
from fiftyone.core.collections import SampleCollection

from ..errors import UsageError
from ..images import images_below
from .fields import REF_FIELD
from .items import ImageSource
from .presentation import to_sidebar

CONFIDENCE_FIELD: Final = f"{REF_FIELD}_confidence"
REVIEW: Final = "proposed references"
"""Name of the saved view in which proposals are looked at, the least sure first."""


def propose_references(samples: SampleCollection, originals: Path, *, overwrite: bool = False) -> dict[str, int]:
    """Write ``ref_path`` and a confidence to the samples of a view, and save a view of them, the least sure first.

    Args:
        samples: dataset or view of images
        originals: folder of the originals, with all below it
        overwrite: also write to samples that have a reference

    Returns:
        how many samples were "looked at" and "paired"

    Raises:
        UsageError: there is no such folder, the view is not of whole images, a field is of another kind, or all
            samples have references
    """
    from ..engine.content_pairing import pair_by_content

    source = ImageSource()
    source.check(samples)
    dataset: fo.Dataset = samples._root_dataset
    field = dataset.get_field(REF_FIELD)
    if field is not None and not isinstance(field, fo.StringField):
        raise UsageError(f"{dataset.name}: the field {REF_FIELD!r} holds no text; rename or delete it")
    view = source.scored(samples)
    if field is not None and not overwrite:
        view = view.exists(REF_FIELD, False)
    ids, paths = view.values(["id", "filepath"])
    if not ids:
        raise UsageError(
            f"{dataset.name}: there are no samples without a reference; overwrite them, or choose others"
        )
    candidates = images_below(originals)
    if not candidates:
        raise UsageError(f"{originals}: no image there")
    pairs = dict(zip(ids, pair_by_content(candidates, [Path(path) for path in paths]), strict=True))
    dataset.add_sample_field(REF_FIELD, fo.StringField, description="Path of the undistorted image")
    description = "How much nearer the proposed reference is than the next one, 0 to 1"
    dataset.add_sample_field(CONFIDENCE_FIELD, fo.FloatField, description=description)
    references = {key: str(pair.ref.absolute()) if pair.ref else None for key, pair in pairs.items()}
    dataset.set_values(REF_FIELD, references, key_field="id", expand_schema=False)
    confidences = {key: pair.confidence for key, pair in pairs.items()}
    dataset.set_values(CONFIDENCE_FIELD, confidences, key_field="id", expand_schema=False)
    dataset.create_index(CONFIDENCE_FIELD)
    to_sidebar(dataset, [REF_FIELD, CONFIDENCE_FIELD])
    review = dataset.exists(CONFIDENCE_FIELD).sort_by(CONFIDENCE_FIELD)
    dataset.save_view(REVIEW, review, description="Proposed references, the least sure first", overwrite=True)
    return {"looked at": len(pairs), "paired": sum(reference is not None for reference in references.values())}
