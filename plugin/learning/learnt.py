"""What a model learnt from, kept beside its file as fingerprints: it can be told whether an image is among it.

A fingerprint is eight bytes of the file's SHA-256, and 64 signs of the picture's lowest frequencies, which stay when
it is saved anew or scaled: pHash of C. Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions",
2010.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..errors import ImageError
from ..files import write_whole
from ..images import decode
from ..images.hashing import perceptual_hash
from ..metrics.models import MODEL_SUFFIX

#: Bytes of the file's digest, and of the picture's signs.
_DIGEST: Final = 8
_SIGNS: Final = 8

#: The signs are of so many by so many of the lowest frequencies.
_FREQUENCIES: Final = 8

NEAR: Final = 4
"""Pictures are taken for the same where at most so many of the 64 signs differ."""

_PACKAGED: Final = Path(__file__).parent / "packaged"
_READERS: Final = 2


def fingerprint(path: Path) -> NDArray[np.uint8] | None:
    """Fingerprint of an image file, uint8 (16,); None where it cannot be read."""
    try:
        signs = perceptual_hash(decode(path).image, _FREQUENCIES)
    except ImageError:
        return None
    digest = hashlib.sha256(path.read_bytes()).digest()[:_DIGEST]
    return np.concatenate([np.frombuffer(digest, np.uint8), signs])


def remember(model: Path, images: Iterable[Path]) -> None:
    """Keep the fingerprints of what a model learnt from beside its file.

    Args:
        model: the model's file
        images: files of the training images; those that cannot be read are left out

    Raises:
        OutputError: if it cannot be written
    """
    with ThreadPoolExecutor(_READERS) as pool:
        found = [each for each in pool.map(fingerprint, images) if each is not None]
    write_whole(beside(model), np.array(found, np.uint8).reshape(-1, _DIGEST + _SIGNS).tobytes())


def learnt_from(metric: str, images: Sequence[Path]) -> NDArray[np.bool_] | None:
    """Which images a metric's model learnt from.

    Args:
        metric: name of a metric, or path of a model's file
        images: image files

    Returns:
        whether each is among the training images, bool (N,), False where it cannot be read; None where the metric
        is no trained model, or it is not known what it learnt from
    """
    model = Path(metric) if metric.endswith(MODEL_SUFFIX) else _PACKAGED / f"{metric}{MODEL_SUFFIX}"
    if not (kept := beside(model)).is_file():
        return None
    known = np.frombuffer(kept.read_bytes(), np.uint8).reshape(-1, _DIGEST + _SIGNS)
    with ThreadPoolExecutor(_READERS) as pool:
        found = list(pool.map(fingerprint, images))
    return np.array([each is not None and _is_among(each, known) for each in found], bool)


def _is_among(wanted: NDArray[np.uint8], known: NDArray[np.uint8]) -> bool:
    same_file = (known[:, :_DIGEST] == wanted[:_DIGEST]).all(1)
    differing = np.unpackbits(known[:, _DIGEST:] ^ wanted[_DIGEST:], axis=1).sum(1)
    return bool((same_file | (differing <= NEAR)).any())


def beside(model: Path) -> Path:
    """Where the fingerprints of what a model learnt from are kept."""
    return model.with_suffix(".learnt")
