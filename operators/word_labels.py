"""The part of the training form that gives words their numbers."""

from __future__ import annotations

from typing import Any

from fiftyone.core.collections import SampleCollection
from fiftyone.operators import types

from ..plugin.store import count_words, usual_numbers


def word_inputs(inputs: types.Object, samples: SampleCollection, source: str) -> None:
    """Ask for the number of each word.

    Args:
        inputs: the form
        samples: dataset or view
        source: what holds the words
    """
    counts = count_words(samples, source)
    numbers = usual_numbers(counts)
    for name, word in _names(source, counts).items():
        inputs.float(
            name,
            default=numbers[word],
            label=f"“{word}” ({counts[word]:,} images)",
            description="0 to 100, higher is better; empty: no label",
        )


def chosen_numbers(params: dict[str, Any], samples: SampleCollection, source: str) -> dict[str, float]:
    """The words' numbers: those that code gave, else the form's.

    Args:
        params: of the operator
        samples: dataset or view
        source: what holds the words
    """
    if given := params.get("words"):
        return dict(given)
    names = _names(source, count_words(samples, source))
    return {word: params[name] for name, word in names.items() if params.get(name) is not None}


def _names(source: str, words: dict[str, int]) -> dict[str, str]:
    """Word by name in the form, where names may hold no dots."""
    return {f"number_of_{source}_{place}": word for place, word in enumerate(sorted(words))}
