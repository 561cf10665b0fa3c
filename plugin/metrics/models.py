"""Model files: what the header of a trained model's file declares of it. The model itself is not loaded.

A family of models is a folder of ``plugin/learning`` and an entry here. Its metric is ``create`` in the folder's
``metric.py``; see :func:`~deepmse.plugin.metrics.registry.create` for what that is given.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Self, get_args

from ..errors import UsageError
from .info import Kind, MetricInfo

MODEL_SUFFIX: Final = ".safetensors"
"""What the files of trained models end in."""

HEADER: Final = "deepmse"
"""The entry of a safetensors file's metadata that holds the header, as JSON."""

FAMILIES: Final[Mapping[str, int]] = {
    "gaussian-process": 1,
    "finetuned": 1,
    "three-branch": 1,
    "convnext": 1,
}
"""The families of models, and the newest version of each family's files that is known here."""

#: What the files of Gaussian processes said of their format before there were families.
_FIRST_FORMAT: Final = "deepmse-nr-1"

#: Names of columns and fields that hold something else than scores.
_TAKEN: Final = frozenset(
    [
        *("dist", "ref", "ref_path", "error", "distortion", "level", "category", "split", "mos", "dmos", "target"),
        *("mos_std", "dmos_std", "group", "n", "metric"),
        *("id", "sample_id", "filepath", "tags", "metadata", "created_at", "last_modified_at", "media_type"),
    ]
)
#: How the names of what metrics tell beside their scores end.
_DERIVED: Final = ("_error", "_std", "_grade", "_stages", "_map", "_percentile", "_domain", "_learnt")


@dataclass(frozen=True)
class Declaration:
    """What a trained model declares of its scores; the fields mean what they mean in :class:`MetricInfo`.

    Args:
        family: the model's family, one of ``FAMILIES``
        version: of the family's files
        kind: "FR" or "NR"
        lower_is_better: the scores' direction
        range: smallest and largest possible score; infinite where there is no bound
        policy: name of the image policy that the model is made for
        grades: words that images are graded with, the worst first
        has_deviation: whether the model tells the standard deviation of its scores' errors
        has_percentile: whether the model tells how many of its training images score lower
    """

    family: str
    version: int = 1
    kind: Kind = "NR"
    lower_is_better: bool = False
    range: tuple[float, float] = (0.0, 100.0)
    policy: str = "native"
    grades: tuple[str, ...] = ()
    has_deviation: bool = False
    has_percentile: bool = False

    def to_json(self) -> dict[str, Any]:
        """As a header has it: an infinite end of the range is null."""
        return {**asdict(self), "range": [end if math.isfinite(end) else None for end in self.range]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """A declaration of a header; entries that are no field of it are left aside.

        Raises:
            ValueError: if a value is none that the field can have
        """
        low, high = values["range"]
        declared = cls(
            family=values["family"],
            version=values["version"],
            kind=values["kind"],
            lower_is_better=values["lower_is_better"],
            range=(-math.inf if low is None else float(low), math.inf if high is None else float(high)),
            policy=values["policy"],
            grades=tuple(map(str, values["grades"])),
            has_deviation=values["has_deviation"],
            has_percentile=values["has_percentile"],
        )
        flags = declared.lower_is_better, declared.has_deviation, declared.has_percentile
        if declared.kind not in get_args(Kind) or not all(isinstance(flag, bool) for flag in flags):
            raise ValueError("its kind is neither FR nor NR, or a flag neither true nor false")
        if not isinstance(declared.policy, str) or not declared.range[0] < declared.range[1]:
            raise ValueError("its policy is no name, or its range has no extent")
        return declared

    @property
    def factory(self) -> str:
        """What makes the family's metric, ``module:callable`` inside ``plugin``."""
        return f"learning.{self.family.replace('-', '_')}.metric:create"


DOMAINS: Final = ("in", "near", "out")
"""Words for where an image lies: among those that a model learnt from, at their edge, or beyond it."""

GRADES: Final = ("bad", "poor", "fair", "good", "excellent")
"""Words for the fifths of the scale of 0 to 100, as observers are given them (ITU-R BT.500-15, 5-grade scale)."""

#: A Gaussian process, and what a file without a header declares.
GAUSSIAN_PROCESS: Final = Declaration(
    "gaussian-process",
    grades=GRADES,
    has_deviation=True,
    has_percentile=True,
)


def model_info(path: Path) -> MetricInfo:
    """What the trained model in a file declares of itself; it is called as the file is.

    Raises:
        UsageError: if there is no such file, it holds no trained model, or the model's family is not known or the
            file is of a newer version of it
    """
    try:
        state = path.stat()
    except OSError as error:
        raise UsageError(f"{path}: no such model file") from error
    return info_of(path, _read(path, state.st_mtime_ns, state.st_size))


def info_of(path: Path, declaration: Declaration) -> MetricInfo:
    """What a model with that declaration will declare of itself once it is in that file."""
    name = path.stem
    return MetricInfo(
        name=name,
        title=name,
        kind=declaration.kind,
        lower_is_better=declaration.lower_is_better,
        range=declaration.range,
        citation=f"a model of the family {declaration.family}, trained on somebody's labels",
        factory=declaration.factory,
        policy=declaration.policy,
        has_deviation=declaration.has_deviation,
        has_percentile=declaration.has_percentile,
        has_graph=True,
        grades=declaration.grades,
        licence="Apache-2.0; what was trained under its trainer's terms",
        weights=path.name,
    )


def check_model_name(path: Path) -> None:
    """Check that scores can be named after a model's file.

    Raises:
        UsageError: if its name is no name of a field or means something else in tables and datasets
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", path.stem):
        raise UsageError(
            f"{path}: scores are named after the model's file; call it by a letter and then letters, digits, - and _"
        )
    field = path.stem.replace("-", "_").lower()
    if field in _TAKEN or field.endswith(_DERIVED):
        raise UsageError(
            f"{path}: scores are named after the model's file, and {path.stem} means something else in tables and "
            "datasets; rename it"
        )


def read_header(path: Path) -> dict[str, Any]:
    """The header of a model file: the declaration, and what else the family keeps there.

    Raises:
        UsageError: if the file holds no trained model
    """
    from safetensors import safe_open

    try:
        with safe_open(path, "np") as file:
            header = json.loads((file.metadata() or {})[HEADER])
        if not isinstance(header, dict):
            raise ValueError("its header is no table")
    except KeyError as error:
        raise UsageError(
            f"{path}: holds parameters, but no model that deepmse trained; train one with `deepmse train`"
        ) from error
    except Exception as error:  # Damaged files raise almost anything.
        raise UsageError(f"{path}: cannot be read as a trained model ({error})") from error
    return header


@lru_cache(maxsize=64)
def _read(path: Path, changed: int, size: int) -> Declaration:
    """The declaration in a file that has not changed since: tables of scores ask for it row by row."""
    header = read_header(path)
    if header.get("format") == _FIRST_FORMAT:
        return GAUSSIAN_PROCESS
    family, version = header.get("family"), header.get("version")
    newest = FAMILIES.get(family) if isinstance(family, str) else None
    if newest is None:
        raise UsageError(f"{path}: is a model of the family {family!r}; this version knows {', '.join(FAMILIES)}")
    if not isinstance(version, int) or version > newest:
        raise UsageError(
            f"{path}: is version {version} of a {family} model, and this version of deepmse knows {newest}; update "
            "deepmse: pip install --upgrade fiftyone-deepmse"
        )
    try:
        return Declaration.from_json(header)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(
            f"{path}: its header declares no usable scores ({error!r}); train the model again"
        ) from error
