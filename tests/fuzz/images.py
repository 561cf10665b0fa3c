"""Mutated image files: each is decoded or refused in words, soon, and never shown where no decoder shows anything.

    python tests/fuzz/images.py --per-format 500 --seed 0
    python tests/fuzz/images.py --corpus FOLDER

Files are decoded in processes of their own. A finding is a process that dies or hangs, another exception than
``ImageError``, or an image for a file that Pillow, OpenCV and tifffile all refuse, its picture alone too. Exit status
1 if there is any.
"""

import argparse
import io
import json
import logging
import multiprocessing
import os
import resource
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import cv2
import numpy as np
import psutil
import tifffile
from deepmse.plugin.errors import ImageError
from deepmse.plugin.images import decode
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
from mutations import bare, mutate, with_checksums

STALL_S = 30
"""A process that has computed for so many seconds on one file hangs."""
WAITS = 10
"""So does one that has not answered after so many waits of that length, whatever it does."""
MEMORY = 3 << 30
MAX_PIXELS = 4_000_000

RNG = np.random.default_rng(0)
RGB = np.asarray(Image.fromarray(RNG.integers(0, 256, (5, 6, 3), dtype=np.uint8)).resize((61, 47), 3))
SEEDS: dict[str, list[bytes]] = {}


def saved(image: np.ndarray | Image.Image, kind: str, **options: object) -> bytes:
    image = image if isinstance(image, Image.Image) else Image.fromarray(image)
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(array: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, array, **options)
    return buffer.getvalue()


def seeds() -> dict[str, list[bytes]]:
    """Whole files of each format, of several kinds."""
    picture = Image.fromarray(RGB)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "maker"
    modes = {mode: picture.convert(mode) for mode in ("1", "L", "P", "LA", "RGBA", "CMYK")}
    deep = RNG.integers(0, 65536, (47, 61), dtype=np.uint16)
    frames = {"save_all": True, "append_images": [picture.rotate(90)]}
    profile = b"not a profile" * 20
    return {
        "jpeg": [
            saved(picture, "JPEG", exif=exif),
            saved(picture, "JPEG", progressive=True, icc_profile=profile),
            saved(modes["L"], "JPEG", restart_marker_rows=1),
            saved(modes["CMYK"], "JPEG"),
        ],
        "png": [
            *(saved(modes[mode], "PNG") for mode in ("1", "L", "P", "LA", "RGBA")),
            saved(picture, "PNG", exif=exif, icc_profile=profile),
            saved(deep, "PNG"),
            saved(modes["P"], "PNG", transparency=3),
            saved(picture, "PNG", **frames),
        ],
        "bmp": [saved(modes[mode], "BMP") for mode in ("1", "L", "P", "RGBA")] + [saved(picture, "BMP")],
        "gif": [saved(modes["P"], "GIF", transparency=3), saved(picture, "GIF", **frames)],
        "tiff": [
            *(saved(picture, "TIFF", compression=kind) for kind in ("raw", "tiff_lzw", "tiff_deflate", "jpeg")),
            saved(modes["CMYK"], "TIFF"),
            tiff(np.moveaxis(np.dstack([deep] * 3), -1, 0), photometric="rgb", planarconfig="separate"),
            tiff(RGB, tile=(16, 32), photometric="rgb", compression="zlib"),
            tiff(deep, byteorder=">", photometric="miniswhite"),
        ],
        "webp": [
            saved(picture, "WEBP"),
            saved(modes["RGBA"], "WEBP", lossless=True),
            saved(picture, "WEBP", **frames),
        ],
        "jpeg2000": [saved(picture, "JPEG2000"), saved(modes["L"], "JPEG2000", irreversible=True)],
        "avif": [saved(picture, "AVIF"), saved(modes["RGBA"], "AVIF")],
        "ppm": [saved(picture, "PPM"), saved(modes["L"], "PPM"), saved(modes["1"], "PPM"), saved(deep, "PPM")],
        "tga": [
            saved(picture, "TGA"),
            saved(modes["RGBA"], "TGA", compression="tga_rle"),
            saved(modes["P"], "TGA"),
            saved(modes["L"], "TGA"),
        ],
        **{kind: found for kind in ("heif", "jxl") if (found := added(kind, picture))},
    }


def added(kind: str, picture: Image.Image) -> list[bytes]:
    """Files of a format that a package adds; none where it is not installed."""
    try:
        if kind == "heif":
            import pillow_heif

            pillow_heif.register_heif_opener()
        else:
            import pillow_jxl  # noqa: F401
    except ImportError:
        return []
    return [saved(picture, kind.upper())]


def finding(content: bytes) -> tuple[str, str]:
    """What became of a file: ``shown``, ``refused``, or a finding and what it is."""
    try:
        decode(content, max_pixels=MAX_PIXELS)
    except ImageError as error:
        # What is declared to be giant is to be refused before memory is asked for.
        return ("memory", str(error)) if isinstance(error.__cause__, MemoryError) else ("refused", "")
    except BaseException as error:  # noqa: BLE001 (whatever it is, it is the finding)
        return "exception", f"{type(error).__name__}: {error}"
    return (
        ("shown", "")
        if any(reads(content) for reads in (by_pillow, by_opencv, by_tifffile, without_metadata))
        else ("phantom", "")
    )


def by_pillow(content: bytes) -> bool:
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.load()
    except Exception:  # noqa: BLE001 (a refusal, whatever it is)
        return False
    return True


def by_opencv(content: bytes) -> bool:
    try:
        return cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) is not None
    except cv2.error:
        return False


def without_metadata(content: bytes) -> bool:
    """Whether OpenCV reads a PNG file's picture alone, as a viewer that does not look at the rest."""
    return content.startswith(b"\x89PNG") and by_opencv(bare(content))


def by_tifffile(content: bytes) -> bool:
    try:
        with tifffile.TiffFile(io.BytesIO(content)) as file:
            file.pages.first.asarray()
    except Exception:  # noqa: BLE001 (a refusal, whatever it is)
        return False
    return True


def work(connection: Connection) -> None:
    """Judge files from the other end until there is none, within limits."""
    warnings.simplefilter("ignore")
    logging.disable()
    with open(os.devnull, "w") as nothing:  # noqa: PTH123 (libraries write to the descriptor)
        os.dup2(nothing.fileno(), 2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    while (content := connection.recv()) is not None:
        connection.send(finding(content))


class Judge:
    """A process that judges files, and another where it dies or hangs."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._start()

    def _start(self) -> None:
        self._connection, theirs = self._context.Pipe()
        self._process = self._context.Process(target=work, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def __call__(self, content: bytes) -> tuple[str, str]:
        try:
            self._connection.send(content)
            started = self._computed()
            for _ in range(WAITS):
                if self._connection.poll(STALL_S):
                    return self._connection.recv()
                if self._computed() - started > STALL_S:
                    break
            outcome = "hang", f"no answer after {self._computed() - started:.0f} s of computing"
        except (EOFError, OSError, psutil.NoSuchProcess):
            self._process.join()
            outcome = "crash", f"the process ended with {self._process.exitcode}"
        self._process.kill()
        self._start()
        return outcome

    def _computed(self) -> float:
        """Seconds of processor time: on a busy machine waiting says nothing."""
        return sum(psutil.Process(self._process.pid).cpu_times()[:2])

    def close(self) -> None:
        self._connection.send(None)
        self._process.join(STALL_S)


def mutants(kind: str, files: list[bytes], count: int, seed: int) -> Iterator[bytes]:
    """So many mutated files of a format, the same for the same seed."""
    rng = np.random.default_rng([seed, *kind.encode()])
    for index in range(count):
        mutant = mutate(rng, files[index % len(files)], files[rng.integers(len(files))])
        yield with_checksums(mutant) if kind == "png" and rng.random() < 0.7 else mutant


def hunt(
    streams: dict[str, Iterator[bytes]], keep: Path, progress: bool = False
) -> tuple[dict[str, Counter[str]], list[Path]]:
    """Judge files by format; each finding is kept as a file.

    Returns:
        how many had which outcome, by format, and the kept files
    """
    judge, counts, kept = Judge(), {}, []
    for kind, files in streams.items():
        counts[kind] = Counter()
        for index, content in enumerate(files):
            outcome, what = judge(content)
            counts[kind][outcome] += 1
            if outcome not in ("shown", "refused"):
                keep.mkdir(parents=True, exist_ok=True)
                path = keep / f"{kind}-{index}-{outcome}"
                path.write_bytes(content)
                path.with_suffix(".json").write_text(json.dumps({"outcome": outcome, "what": what}))
                kept.append(path)
                print(f"{path}: {outcome} {what}", file=sys.stderr)
            if progress and index % 50 == 0:
                print(f"\r{kind}: {index}", end="", file=sys.stderr)
        if progress:
            print(f"\r{kind}: {dict(counts[kind])}", file=sys.stderr)
    judge.close()
    return counts, kept


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-format", type=int, default=500, help="mutated files of each format")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--formats", help="some of them, with commas")
    parser.add_argument("--corpus", type=Path, help="judge the files below this folder as they are instead")
    parser.add_argument(
        "--keep", type=Path, default=Path(tempfile.gettempdir()) / "deepmse-fuzz", help="for findings"
    )
    arguments = parser.parse_args()
    if arguments.corpus:
        files = sorted(path for path in arguments.corpus.rglob("*") if path.is_file())
        streams = {"corpus": (path.read_bytes() for path in files)}
    else:
        whole = seeds()
        chosen = arguments.formats.split(",") if arguments.formats else list(whole)
        streams = {kind: mutants(kind, whole[kind], arguments.per_format, arguments.seed) for kind in chosen}
    counts, kept = hunt(streams, arguments.keep, progress=True)
    for kind, count in counts.items():
        print(f"{kind:9} " + "  ".join(f"{outcome} {number}" for outcome, number in sorted(count.items())))
    print(f"{len(kept)} findings" + (f" in {arguments.keep}" if kept else ""))
    return int(bool(kept))


if __name__ == "__main__":
    sys.exit(main())
