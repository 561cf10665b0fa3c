"""Sets of photographs with synthetic distortions.

out/manifest.csv   dist,ref,distortion,level,category,monotone (paths from the folder), written last
out/ref, dist      PNG images, each with a text chunk that says what it was made from
"""

import hashlib
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
from PIL import Image

from ...errors import ImageError, UsageError
from ...files import write_whole
from ...tables import csv_line
from ..published import kadid10k
from ..records import QualityDataset, Record
from ..workers import processors, starmap_by
from .distortions import DISTORTIONS, LEVELS
from .photos import names_of, photos_in, read_photo
from .products import is_made, write_png

_T = TypeVar("_T")

LOADER: Final = "synthetic"
"""What these sets say that made them."""

Progress = Callable[[int, int], None]

# Part of what images say they were made from: raise it when a distortion gives other pixels than before.
_REVISION = 1


def make_synthetic(
    photos: str | Path,
    out: str | Path,
    *,
    types: Iterable[str] | None = None,
    levels: Iterable[int] = LEVELS,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
) -> QualityDataset:
    """Write a set of distorted photographs at their own size, or complete one that was interrupted.

    The same photographs, names and seed give the same files, whatever else is made and by how many workers. What is
    there already, made from the same photograph with the same settings, is kept.

    Args:
        photos: folder of photographs; those that cannot be read are left out, as the dataset's notes say
        out: where to write the set
        types: names of ``DISTORTIONS``; all of them by default
        levels: of 1 to 5
        seed: of all that is random, 0 or more
        workers: processes; by default one a processor. With more than one, a script that calls this must be
            importable, that is, do so under ``if __name__ == "__main__"``
        progress: called with the number of images done and in all

    Returns:
        the records, whose target is the level of the distortion

    Raises:
        UsageError: an unknown type or level, no usable photograph, or ``out`` cannot be written or holds images
            of other origin in the same places
        DeepMSEError: a worker died
    """
    found, left_out = photos_in(Path(photos))
    return write_set(
        found,
        Path(out),
        name="synthetic",
        source=f"photographs in {photos}",
        types=DISTORTIONS if types is None else types,
        levels=levels,
        seed=seed,
        workers=processors() if workers is None else workers,
        left_out=left_out,
        progress=progress,
    )


def write_set(
    photos: Sequence[Path],
    out: Path,
    *,
    name: str,
    source: str,
    types: Iterable[str],
    levels: Iterable[int],
    seed: int,
    long_side: int | None = None,
    workers: int = 1,
    left_out: str = "",
    progress: Progress | None = None,
) -> QualityDataset:
    """Write or complete a set: ``make_synthetic`` for given files, scaled down to ``long_side`` pixels."""
    types = _chosen("distortion", types, DISTORTIONS)
    levels = _chosen("distortion level", levels, LEVELS)
    for setting, value, least in (("seed", seed, 0), ("workers", workers, 1)):
        if value < least:
            raise UsageError(f"{setting} is {value}; it must be {least} or more")
    names = names_of(photos)
    for folder in (out / "ref", out / "dist"):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{folder}: cannot be made ({error})") from error

    each = 1 + len(types) * len(levels)
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if progress:
            progress(done, len(photos) * each)

    made: dict[str, str] = {}
    notes = [left_out] if left_out else []
    with starmap_by(workers) as run:
        references = ((path, _ref(out, key), long_side) for path, key in zip(photos, names, strict=True))
        for path, key, (recipe, problem) in zip(photos, names, run(write_reference, references), strict=True):
            if problem:
                notes.append(f"{path.name} was left out: {problem}")
            else:
                made[key] = recipe
            advance(each if problem else 1)
        if not made:
            raise UsageError("; ".join(["no usable photograph", *notes]))
        distorted = ((out, key, recipe, kind, levels, seed) for key, recipe in made.items() for kind in types)
        for count in run(write_distorted, distorted):
            advance(count)
    records = tuple(
        Record(
            dist=_dist(out, key, kind, level),
            ref=_ref(out, key),
            distortion=DISTORTIONS[kind].title,
            level=level,
            target=level,
            category=DISTORTIONS[kind].category,
        )
        for key in made
        for kind in types
        for level in levels
    )
    _write_manifest(out, records)
    return QualityDataset(
        name=name,
        records=records,
        target_field="level",
        target_lower_is_better=True,
        target_range=(LEVELS[0], LEVELS[-1]),
        target_kind="severity (not an opinion score)",
        source=source,
        notes=(*_notes_on(types, levels), *notes),
        citation=kadid10k.INFO.citation,
        loader=LOADER,
        root=out,
    )


def write_reference(photo: Path, ref: Path, long_side: int | None) -> tuple[str, str]:
    """Make a photograph's reference image where it is not there yet; return its recipe and what went wrong."""
    try:
        content = hashlib.sha256(photo.read_bytes()).hexdigest()
        recipe = json.dumps({"photo": content, "long_side": long_side, "revision": _REVISION})
        if not is_made(ref, recipe):
            write_png(ref, read_photo(photo, long_side), recipe)
    except ImageError as error:
        return "", error.reason
    except OSError as error:
        return "", str(error)
    return recipe, ""


def write_distorted(out: Path, name: str, ref_recipe: str, kind: str, levels: Sequence[int], seed: int) -> int:
    """Make a reference's images of one type where they are not there yet; return how many there are."""
    distortion = DISTORTIONS[kind]
    pixels = None
    for level in levels:
        path = _dist(out, name, kind, level)
        strength = distortion.strengths[level - 1]
        recipe = json.dumps({"distortion": kind, "strength": strength, "seed": seed, "ref": json.loads(ref_recipe)})
        if is_made(path, recipe):
            continue
        if pixels is None:
            pixels = np.array(Image.open(_ref(out, name)))
        # Each image has its own stream, so that neither order nor company changes what is random in it.
        stream = zlib.crc32(f"{name} {kind} {level}".encode())
        worse = distortion(pixels, level, np.random.default_rng([seed, stream]))
        write_png(path, Image.fromarray(worse), recipe)
    return len(levels)


def _ref(out: Path, name: str) -> Path:
    return out / "ref" / f"{name}.png"


def _dist(out: Path, name: str, kind: str, level: int) -> Path:
    return out / "dist" / f"{name}_{kind}_{level}.png"


def _chosen(what: str, wanted: Iterable[_T], known: Iterable[_T]) -> tuple[_T, ...]:
    """The wanted ones in the order of the known; UsageError where there are others or none."""
    wanted, known = set(wanted), tuple(known)
    there_are = f"there are {', '.join(map(str, known))}"
    if unknown := wanted.difference(known):
        raise UsageError(f"no {what} {', '.join(sorted(map(str, unknown)))}; {there_are}")
    if not wanted:
        raise UsageError(f"no {what} chosen; {there_are}")
    return tuple(one for one in known if one in wanted)


def _notes_on(types: Sequence[str], levels: Sequence[int]) -> Iterator[str]:
    yield "The target is the level of the distortion, 1 to 5: how strong it is, not how bad it looks."
    chosen = [DISTORTIONS[kind] for kind in types]
    if swinging := [each.title for each in chosen if not each.monotone]:
        yield f"Quality does not fall steadily with the level of {', '.join(swinging)}, which goes from more to less."
    if neutral := [f"{each.title} {each.neutral}" for each in chosen if each.neutral in levels]:
        yield f"As published, these levels leave 8-bit images as they are: {', '.join(neutral)}."


def _write_manifest(out: Path, records: Iterable[Record]) -> None:
    swinging = {distortion.title for distortion in DISTORTIONS.values() if not distortion.monotone}
    lines = [csv_line(("dist", "ref", "distortion", "level", "category", "monotone"))]
    for record in records:
        paths = (path.relative_to(out).as_posix() for path in (record.dist, record.ref) if path)
        monotone = "false" if record.distortion in swinging else "true"
        lines.append(csv_line((*paths, record.distortion, record.level, record.category, monotone)))
    path = out / "manifest.csv"
    data = "".join(lines).encode()
    if not path.is_file() or path.read_bytes() != data:
        write_whole(path, data)
