"""Labels that are words, such as the tags good and bad: which there are, and their numbers in a field."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

import fiftyone as fo
import numpy as np
from fiftyone.core.collections import SampleCollection

from ..errors import UsageError
from ..metrics.models import GRADES
from .fields import REF_FIELD, SPLIT_FIELD, breakdown_fields, score_fields
from .items import ImageSource
from .presentation import to_sidebar

TAGS: Final = "tags"
"""The source that every dataset has."""

MOST_WORDS: Final = 12
"""A text with more different values is no opinion."""

_LABEL_SUFFIX: Final = "_label"

_LOWEST, _HIGHEST = 0.0, 100.0

#: Words that say what they mean, as shares of the scale.
_KNOWN: Final[Mapping[str, float]] = {
    **{word: place / (len(GRADES) - 1) for place, word in enumerate(GRADES)},
    **dict.fromkeys(("bad", "worst", "reject", "rejected", "blurry", "ugly", "low", "no", "discard"), 0.0),
    **dict.fromkeys(("ok", "okay", "average", "medium", "acceptable"), 0.5),
    **dict.fromkeys(("keep", "keeper", "sharp", "best", "high", "yes", "great", "perfect", "nice"), 1.0),
}


def word_sources(dataset: fo.Dataset) -> list[str]:
    """What may hold labels in words: the tags where there are some, and fields with few different texts."""
    scores = score_fields(dataset)
    ours = {REF_FIELD, SPLIT_FIELD, *(f"{name}_{ending}" for name in scores for ending in ("grade", "domain"))}
    texts = [
        name
        for name in breakdown_fields(dataset)
        if name not in ours and isinstance(dataset.get_field(name), fo.StringField)
    ]
    return [source for source in (TAGS, *texts) if 1 <= len(dataset.distinct(source)) <= MOST_WORDS]


def count_words(samples: SampleCollection, source: str) -> dict[str, int]:
    """How many images have each word, the frequent ones first; none where the source has none.

    Args:
        samples: dataset or view
        source: one of :func:`word_sources`
    """
    found = ImageSource().scored(samples).count_values(source)
    words = sorted(found.items(), key=lambda pair: (-pair[1], str(pair[0])))
    return {word: number for word, number in words if word}


def usual_numbers(words: Iterable[str]) -> dict[str, float | None]:
    """Numbers of 0 to 100 for words, higher is better; None for those that do not say what they mean.

    Where all that are known lie between the ends of the scale, as good and fair do, they are spread over it.

    >>> usual_numbers(["good", "bad", "beach"])
    {'good': 100.0, 'bad': 0.0, 'beach': None}
    """
    shares = {word: _KNOWN.get(word.strip().lower()) for word in words}
    known = [share for share in shares.values() if share is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    extent = (high - low) or 1.0
    return {
        word: None if share is None else _LOWEST + (_HIGHEST - _LOWEST) * (share - low) / extent
        for word, share in shares.items()
    }


def check_numbers(samples: SampleCollection, source: str, numbers: Mapping[str, float]) -> int:
    """Check that words with numbers are labels to learn from, and give how many images have one.

    Raises:
        UsageError: there is no such source, or no two different numbers among the images' words
    """
    dataset = samples._root_dataset
    if source not in word_sources(dataset):
        raise UsageError(f"{dataset.name} has no {source!r} with up to {MOST_WORDS} different words")
    labelled = [label for label in _labels(samples, source, numbers).values() if label is not None]
    if len(set(labelled)) < 2:
        raise UsageError(f"{source}: two words with different numbers at least, such as good 100 and bad 0")
    return len(labelled)


def label_field(model: str) -> str:
    """Name of the field for the numbers of the words that a model learns from."""
    return f"{model}{_LABEL_SUFFIX}"


def write_labels(samples: SampleCollection, source: str, numbers: Mapping[str, float], model: str) -> str:
    """Write the numbers of the images' words to a field of the view's samples; None where an image has no word.

    An image with several words has the mean of their numbers.

    Args:
        samples: dataset or view
        source: one of :func:`word_sources`
        numbers: of the words, finite
        model: name of the model that is to learn from them, which the field is called after

    Returns:
        the field's name

    Raises:
        UsageError: as :func:`check_numbers`, or the field holds something else
    """
    check_numbers(samples, source, numbers)
    dataset, field = samples._root_dataset, label_field(model)
    description = f"Numbers of the words in {source}"
    known = dataset.get_field(field)
    if known is None:
        dataset.add_sample_field(field, fo.FloatField, description=description)
    elif not isinstance(known, fo.FloatField) or not (known.description or "").startswith("Numbers of the words in "):
        raise UsageError(f"{dataset.name}: the field {field!r} is there already; choose another name for the model")
    dataset.set_values(field, _labels(samples, source, numbers), key_field="id")
    to_sidebar(dataset, [field], new=known is None)
    return field


def _labels(samples: SampleCollection, source: str, numbers: Mapping[str, float]) -> dict[str, float | None]:
    """The label of each sample, by its id."""
    if not all(math.isfinite(number) for number in numbers.values()):
        raise UsageError(f"{source}: the numbers of words must be finite")
    labels: dict[str, float | None] = {}
    for sample_id, words in zip(*ImageSource().scored(samples).values(["id", source]), strict=True):
        found = [numbers[word] for word in ([words] if isinstance(words, str) else words or ()) if word in numbers]
        labels[sample_id] = float(np.mean(found)) if found else None
    return labels
