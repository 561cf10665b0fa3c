"""Decoding ahead of the device, and references that are decoded and run once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ..errors import ImageError
from ..images import Decoded, ImagePolicy, decode, require_scorable
from ..images.tensors import to_tensor
from ..metrics.base import Features


@dataclass(frozen=True)
class Frame:
    """One decoded image, ready for every metric of a run.

    Args:
        shape: height and width of the file's image, in pixels
        tensors: uint8 (3, H, W) on the device, by policy name
        notes: what decoding had to do
    """

    shape: tuple[int, int]
    tensors: dict[str, torch.Tensor]
    notes: tuple[str, ...]


Watch = Callable[[str | Path, Decoded | ImageError], None]
"""Told of each file what was decoded, or why nothing could be; called in the threads that decode."""


def load(
    path: str | Path,
    policies: tuple[ImagePolicy, ...],
    device: torch.device,
    max_pixels: int,
    watch: Watch | None = None,
) -> Frame | ImageError:
    """Decode a file for the given policies and bring it to the device; an unusable file is the result's value."""
    try:
        decoded = decode(path, max_pixels=max_pixels)
    except ImageError as error:
        if watch:
            watch(path, error)
        return error
    if watch:
        watch(path, decoded)
    try:
        require_scorable(decoded, path)
    except ImageError as error:
        return error
    tensors = {policy.name: to_tensor(decoded, policy).to(device) for policy in policies}
    return Frame(decoded.shape, tensors, decoded.notes)


@dataclass
class Reference:
    """A reference image that distorted images share.

    Args:
        path: where it is
        frame: the decoded image, or why it cannot be used
        features: by metric name, what the metric keeps of it; set when its computation is submitted
    """

    path: str
    frame: Future[Frame | ImageError]
    features: dict[str, Future[Features | ImageError]] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Memory that what is finished of it holds."""
        futures: list[Future[Any]] = [self.frame, *self.features.values()]
        finished = [future.result() for future in futures if _succeeded(future)]
        return sum(
            tensor.nbytes
            for result in finished
            if not isinstance(result, ImageError)
            for tensor in (result.tensors.values() if isinstance(result, Frame) else result)
        )


def _succeeded(future: Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


class ReferenceCache:
    """References by path, least recently used first, within a limit of memory.

    Args:
        pool: runs the decoding
        load: decodes a path
        limit: bytes of pixels and features to keep; what is in use is kept whatever its size
    """

    def __init__(self, pool: Executor, load: Callable[[str], Frame | ImageError], limit: int) -> None:
        self._pool = pool
        self._load = load
        self._limit = limit
        self._references: OrderedDict[str, Reference] = OrderedDict()

    def get(self, path: str | Path) -> Reference:
        """The reference at a path, whose decoding is under way or done."""
        key = str(path)
        if key not in self._references:
            self._trim()
            self._references[key] = Reference(key, self._pool.submit(self._load, key))
        self._references.move_to_end(key)
        return self._references[key]

    def _trim(self) -> None:
        held = {key: reference.nbytes for key, reference in self._references.items()}
        total = sum(held.values())
        for key, size in held.items():
            if total <= self._limit:
                break
            del self._references[key]
            total -= size
