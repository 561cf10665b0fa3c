"""Files of features, written as they come and safe to resume.

``NAME.npz`` has ``features`` (N, K, D), ``names`` (N,), ``errors`` (N,) and ``settings``, a JSON text. ``NAME.npy``,
for features that do not fit into memory, has the features alone, and ``NAME.json`` beside it the rest. An image that
cannot be used has NaN for features and its reason in ``errors``.
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from ...errors import OutputError, UsageError
from ...files import locked, resumable

DTYPES: Final = ("float32", "float16")


@dataclass(frozen=True)
class FeatureTable:
    """Features of N images.

    Attributes:
        features: K vectors an image, (N, K, D), of a ``.npy`` file mapped and not read
        names: of the images
        errors: why an image has none; empty where it has
        settings: what decided them
    """

    features: NDArray[Any]
    names: tuple[str, ...]
    errors: tuple[str, ...]
    settings: dict[str, Any]

    def of(self, layer: str) -> NDArray[Any]:
        """One layer's part of the features, (N, K, its number)."""
        start = 0
        for name, size in self.settings["sizes"].items():
            if name == layer:
                return self.features[:, :, start : start + size]
            start += size
        raise UsageError(f"no features of {layer!r}; there are {', '.join(self.settings['sizes'])}")


def read(path: Path) -> FeatureTable:
    """Read a file that :class:`FeatureWriter` has finished.

    Raises:
        UsageError: if it is not there or none of these
    """
    try:
        if path.suffix == ".npy":
            rest = json.loads(_rest(path).read_text(encoding="utf-8"))
            return FeatureTable(
                np.load(path, mmap_mode="r"), tuple(rest["names"]), tuple(rest["errors"]), rest["settings"]
            )
        with np.load(path) as file:
            names, errors = (tuple(file[key].tolist()) for key in ("names", "errors"))
            return FeatureTable(file["features"], names, errors, json.loads(str(file["settings"])))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise UsageError(f"{path}: cannot be read as a file of features ({error})") from error


class FeatureWriter:
    """Writes the features of images in their order; what is written outlives this process.

    Beside the file grow ``NAME.part.npy`` and ``NAME.part.jsonl``, which tells which of its rows are done; when
    every image is done, the file takes their place.

    Args:
        path: the file to write, ``.npz`` or ``.npy``
        names: of the images
        settings: what decides their features; resuming under others is refused
        dtype: ``float32`` or ``float16``
        resume: keep what an interrupted run has written: of the first ``done`` images

    Raises:
        UsageError: if the file's suffix or the dtype is another, the file cannot be written, or what is to be resumed
            is of other images or settings, or another process writes it
        OutputError: if the file cannot be written
    """

    def __init__(
        self,
        path: Path,
        names: Sequence[str],
        settings: Mapping[str, Any],
        *,
        dtype: str = "float32",
        resume: bool = False,
    ) -> None:
        if path.suffix not in (".npz", ".npy"):
            raise UsageError(f"{path}: features are written to a .npz file, or to .npy where they are large")
        if dtype not in DTYPES:
            raise UsageError(f"no dtype {dtype!r}; there are {', '.join(DTYPES)}")
        self.path = path
        self.names = tuple(names)
        self.errors: list[str] = []
        self._settings = {**settings, "dtype": dtype}
        self._rows = path.with_suffix(".part.npy")
        self._log = path.with_suffix(".part.jsonl")
        self._array: NDArray[Any] | None = None
        with ExitStack() as stack:
            stack.enter_context(locked(path))
            try:
                if resume and self._log.exists():
                    self._continue()
                elif resume and path.exists():
                    self._keep(read(path))
                else:
                    self._log.write_text(self._header, encoding="utf-8")
            except OSError as error:
                raise OutputError(f"{path}: cannot be written ({error.strerror or error})") from error
            self._locked = stack.pop_all()

    @property
    def done(self) -> int:
        """How many images are written."""
        return len(self.errors)

    @property
    def _header(self) -> str:
        return json.dumps({"settings": self._settings, "names": self.names}) + "\n"

    def _continue(self) -> None:
        text = self._log.read_bytes()
        whole = text[: text.rfind(b"\n") + 1]
        header, *lines = whole.decode().splitlines(keepends=True) or [""]
        if header != self._header:
            raise UsageError(
                f"{self.path}: what is to be resumed is of other images or settings (see {self._log.name}); leave "
                "--resume away"
            )
        self.errors = [json.loads(line) for line in lines]
        if self._rows.exists() and not all(self.errors):
            self._array = open_memmap(self._rows, mode="r+")
        os.truncate(self._log, len(whole))

    def _keep(self, finished: FeatureTable) -> None:
        if json.loads(self._header) != {"settings": finished.settings, "names": list(finished.names)}:
            raise UsageError(f"{self.path}: has features of other images or settings; leave --resume away")
        self.errors = list(finished.errors)

    def __enter__(self) -> Self:
        self._file = self._log.open("ab", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._locked:
            self._file.close()
            if kind is None and self.done == len(self.names):
                try:
                    if self._log.stat().st_size:
                        self._finish()
                    self._log.unlink()
                except OSError as error:
                    raise resumable(self.path, error) from error

    def write(self, vectors: NDArray[np.float32] | None, error: str = "") -> None:
        """Append the features of the next image, (K, D), or why it has none; what is not finite is none either.

        Raises:
            UsageError: if they are of another shape than those before
        """
        if vectors is not None:
            if self._array is None:
                self._array = self._allocate(vectors.shape)
            if vectors.shape != self._array.shape[1:]:
                raise UsageError(
                    f"{self.names[self.done]}: has features of shape {vectors.shape}, those before it of "
                    f"{self._array.shape[1:]}"
                )
            with np.errstate(over="ignore"):
                self._array[self.done] = vectors
            if not np.isfinite(self._array[self.done]).all():
                error = f"{self.names[self.done]}: has features that are no finite {self._settings['dtype']}"
        if error and self._array is not None:
            self._array[self.done] = np.nan
        self.errors.append(error)
        try:
            self._file.write(f"{json.dumps(error)}\n".encode())
        except OSError as failure:
            raise resumable(self.path, failure) from failure

    def _allocate(self, shape: tuple[int, ...]) -> NDArray[Any]:
        whole = (len(self.names), *shape)
        try:
            array: NDArray[Any] = open_memmap(self._rows, mode="w+", dtype=self._settings["dtype"], shape=whole)
            # A mapped file without room would end the process where it is filled.
            with self._rows.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, self._rows.stat().st_size)
        except OSError as error:
            raise resumable(self.path, error) from error
        array[: self.done] = np.nan
        return array

    def _finish(self) -> None:
        if self._array is None:
            self._array = self._allocate((1, 1))
        if self.path.suffix == ".npy":
            rest = {"names": self.names, "errors": self.errors, "settings": self._settings}
            _rest(self.path).write_text(json.dumps(rest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            self._array.flush()  # type: ignore[attr-defined]
            self._rows.replace(self.path)
        else:
            part = self.path.with_suffix(".part.npz")
            np.savez(
                part,
                features=self._array,
                names=np.array(self.names, dtype=np.str_),
                errors=np.array(self.errors, dtype=np.str_),
                settings=np.array(json.dumps(self._settings)),
            )
            part.replace(self.path)
            self._rows.unlink()


def _rest(path: Path) -> Path:
    return path.with_suffix(".json")
