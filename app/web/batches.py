"""Many pictures at once: what visitors upload as a table of items, and its scores as they come."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from posixpath import normpath
from typing import Any, Final

from ...plugin.engine import score_tables
from ...plugin.engine.records import Item, Score
from ...plugin.errors import UsageError, without_paths
from ...plugin.images import Listing
from ...plugin.metrics import MetricInfo, metric_info
from ...plugin.tables import Table, csv_text, parse_table, read_text
from . import archives
from .metrics import ALONE, IN_PAIRS, Scorers, chosen_names, runnable
from .uploads import Upload, Uploads, stored

MAX_PICTURES: Final = 2000

DIST: Final = "dist"
REF: Final = "ref"

Place = Callable[[str], Path]
"""Makes the path of a new file from its suffix; what is put there is deleted with the uploads."""


@dataclass(frozen=True)
class Batch:
    """What a visitor uploaded.

    Args:
        table: a row a picture, by the visitor's names: the uploaded table, or one of the uploaded pictures
        files: uploaded pictures here, by the visitor's names
        note: what was left out, in words
    """

    table: Table
    files: Mapping[str, Path]
    note: str = ""

    def find(self, name: str) -> Path | None:
        """The picture that a table names: by its path from the table on, or by its name if only one has it."""
        path = normpath(str(PurePosixPath(self.table.path.parent.as_posix(), name.strip().replace("\\", "/"))))
        if path in self.files:
            return self.files[path]
        same = [file for key, file in self.files.items() if PurePosixPath(key).name == PurePosixPath(path).name]
        return same[0] if len(same) == 1 else None


@dataclass(frozen=True)
class Result:
    """The scores that a batch has so far.

    Args:
        batch: the batch
        metrics: names of the metrics, the first of which the batch is split by
        settings: everything that decides the scores; JSON-able
        warnings: what weakens the scores
        scores: of the first rows, in order, with the visitor's names in their errors
        thumbnails: small copies of scored pictures, by row
        seconds: how long scoring has taken
    """

    batch: Batch
    metrics: tuple[str, ...]
    settings: Mapping[str, Any]
    warnings: tuple[str, ...]
    scores: tuple[Score, ...] = ()
    thumbnails: Mapping[int, Path] = field(default_factory=dict)
    seconds: float = 0

    @property
    def total(self) -> int:
        """How many rows there are."""
        return len(self.batch.table.rows)

    @property
    def main(self) -> MetricInfo:
        """The metric that the batch is split by."""
        return metric_info(self.metrics[0])

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the scores, as ``deepmse score`` writes them."""
        return score_tables.output_columns(self.batch.table, self.metrics)

    @property
    def rows(self) -> list[dict[str, str]]:
        """Rows of the scores, as ``deepmse score`` writes them."""
        return [score_tables.row_of(self.batch.table, self.metrics, score) for score in self.scores]

    @property
    def failed(self) -> Counter[str]:
        """How many rows have failed, by the reason without names."""
        rows = self.batch.table.rows
        return Counter(
            without_paths(score.error, *(rows[score.item.key].get(column) for column in (DIST, REF)))
            for score in self.scores
            if score.error
        )

    def value(self, score: Score) -> float | None:
        """A row's score by the metric that the batch is split by."""
        measured = score.measurements.get(self.main.name)
        return None if measured is None else measured.value

    def kept(self, threshold: float) -> list[Score]:
        """The rows whose score is as good as the threshold or better."""
        sign = -1 if self.main.lower_is_better else 1
        return [
            score
            for score in self.scores
            if (value := self.value(score)) is not None and sign * value >= sign * threshold
        ]

    def only_kept(self, threshold: float) -> Result:
        """The result of the rows whose score is as good as the threshold or better."""
        return replace(self, scores=tuple(self.kept(threshold)))


def gather(uploads: Uploads, files: Sequence[Upload] | None, place: Place) -> Batch:
    """Make a batch of pictures, zip archives and at most one table of pairs.

    Args:
        uploads: tells the folder that uploads are in
        files: what a client sent
        place: makes the paths of unpacked files

    Raises:
        UsageError: if there is no picture, there are too many, or a file cannot be read
    """
    if not isinstance(files, list) or not files:
        raise UsageError("There are no pictures yet. Choose some first.")
    found: list[tuple[str, Path]] = []
    left_out = Listing((), 0, Counter())
    room = archives.MAX_TOTAL_BYTES
    for upload in files:
        name, path = stored(uploads, upload, "file", archives.MAX_BYTES)
        if name.lower().endswith(".zip"):
            members, listing = archives.unpack(Path(path), name, place, room)
            room -= sum(member.stat().st_size for member in members.values())
            found += members.items()
            left_out = Listing((), left_out.hidden + listing.hidden, left_out.others + listing.others)
        else:
            found.append((name, Path(path)))
    tables = [(name, path) for name, path in found if name.lower().endswith(archives.TABLES)]
    pictures = [(name, path) for name, path in found if not name.lower().endswith(archives.TABLES)]
    if not pictures:
        raise UsageError(" ".join(("There is no picture among the files.", left_out.note)).strip())
    if len(tables) > 1:
        raise UsageError(f"There are several tables: {', '.join(name for name, _ in tables)}. Choose one.")
    table = _read(*tables[0]) if tables else _listed(pictures)
    if len(table.rows) > MAX_PICTURES or len(pictures) > 2 * MAX_PICTURES:
        raise UsageError(f"There are more than {MAX_PICTURES:,} pictures. Choose fewer, or use deepmse score.")
    return Batch(table, dict(pictures), left_out.note)


def _read(name: str, path: Path) -> Table:
    try:
        return parse_table(Path(name), read_text(path))
    except UsageError as error:
        raise UsageError(str(error).replace(str(path), name)) from error


def _listed(pictures: Sequence[tuple[str, Path]]) -> Table:
    names = [name for name, _ in pictures]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise UsageError(f"Two files are called “{repeated[0]}”. Rename one, or zip their folders.")
    return Table(Path("pictures.csv"), (DIST,), tuple({DIST: name} for name in names))


class BatchScorer:
    """Scores batches, by models that are loaded when they are first needed.

    Args:
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``
        weights: file or folder of DeepMSE's weights; None searches for them

    Attributes:
        offered: the metrics that visitors may choose
    """

    def __init__(self, device: str = "auto", weights: Path | None = None) -> None:
        self.offered = tuple(runnable())
        self._scorers = Scorers(device, weights)

    def __call__(self, batch: Batch, chosen: object, place: Place) -> tuple[Result, Iterator[Score]]:
        """Begin to score a batch.

        Args:
            batch: the batch
            chosen: names of metrics, as a client sent them; none for what suits the batch
            place: makes paths of new files, none of which exists

        Returns:
            the result without scores, and the scores of all rows, in order, as they come

        Raises:
            UsageError: if a metric is not offered or does not suit the batch
            WeightsError: if weights are missing or damaged
        """
        default = IN_PAIRS if REF in batch.table.columns else ALONE
        names = chosen_names(self.offered, chosen, "metrics") or (default,)
        items = _items(batch, names, place)
        score_tables.output_columns(batch.table, names)
        scorer = self._scorers(names)
        scores = (_in_the_visitors_words(score, batch.table.rows[score.item.key]) for score in scorer.run(items))
        return Result(batch, names, scorer.describe(), scorer.warnings), scores


def _items(batch: Batch, metrics: Sequence[str], place: Place) -> list[Item]:
    """The pictures of each row; one that was not uploaded has a path where nothing is, and fails as any such file."""
    batch.table.require(DIST)
    comparing = [info.title for info in map(metric_info, metrics) if info.kind == "FR"]
    if comparing and REF not in batch.table.columns:
        raise UsageError(
            f"{comparing[0]} compares pictures with their references. Add a CSV file with the columns dist and ref, "
            "which name them, or choose metrics that need none."
        )
    absent = {DIST: place(""), REF: place("")}

    def path(row: Mapping[str, str], column: str) -> Path | None:
        return (batch.find(row[column]) or absent[column]) if row[column].strip() else None

    return [
        Item(index, path(row, DIST) or "", path(row, REF) if comparing else None)
        for index, row in enumerate(batch.table.rows)
    ]


def _in_the_visitors_words(score: Score, row: Mapping[str, str]) -> Score:
    names = ((score.item.dist, row[DIST]), (score.item.ref, row.get(REF, "")))
    errors = dict(score.errors)
    for path, name in names:
        if path:
            errors = {metric: error.replace(str(path), name.strip()) for metric, error in errors.items()}
    return replace(score, errors=errors)


def write_scores(result: Result, path: Path) -> None:
    """Write a result as ``deepmse score`` writes it."""
    path.write_text("".join(csv_text(result.columns, result.rows)), encoding="utf-8", newline="")


def write_kept_pictures(result: Result, threshold: float, path: Path) -> None:
    """Write a zip archive of the pictures whose score is as good as the threshold or better, by the visitor's names.

    Raises:
        FileNotFoundError: if a picture is no longer there
    """
    names: set[str] = set()
    written: set[str | Path] = set()
    # Pictures are compressed already.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for score in result.kept(threshold):
            if score.item.dist in written:
                continue
            name = harmless(result.batch.table.rows[score.item.key][DIST])
            if name in names:
                name = f"{score.item.key + 1}/{name}"
            archive.write(score.item.dist, name)
            names.add(name)
            written.add(score.item.dist)


def harmless(name: str) -> str:
    """A visitor's name of a picture as one that stays inside the folder that an archive is unpacked to."""
    parts = PurePosixPath(name.strip().replace("\\", "/")).parts
    return "/".join(part.replace(":", "_") for part in parts if part not in ("/", "..", "."))
