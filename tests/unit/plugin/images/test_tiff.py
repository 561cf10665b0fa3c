"""TIFF files as tifffile writes them, by path and by bytes, against the pixels that went in."""

import struct
from io import BytesIO
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import tifffile
from deepmse.plugin.errors import ImageError
from deepmse.plugin.files import kind_of_file
from deepmse.plugin.images import decode

from .test_images import ORIENTATIONS

HEIGHT, WIDTH = 33, 47
CHANNELS = {
    **{"minisblack": 1, "miniswhite": 1, "palette": 1, "grey+alpha": 2},
    **{"rgb": 3, "rgb+alpha": 4, "rgb+associated": 4, "separated": 4},
}
ALPHA = {"grey+alpha": "unassalpha", "rgb+alpha": "unassalpha", "rgb+associated": "assocalpha"}
WRITTEN_AS = {"grey+alpha": "minisblack", "rgb+alpha": "rgb", "rgb+associated": "rgb"}


class Layout(NamedTuple):
    """How samples lie in a file."""

    planar: str
    blocks: str
    compression: str | None
    order: str
    orientation: int

    @property
    def exists(self) -> bool:
        return self.orientation in (1, 6) or self.compression is None


LAYOUTS = [
    layout
    for layout in map(
        Layout._make,
        product(
            ("contig", "separate"),
            ("strip", "strips", "tiles"),
            (None, "lzw", "deflate", "packbits", "zstd", "jpeg"),
            "<>",
            (1, 3, 6, 7),
        ),
    )
    if layout.exists
]
SHORT = [
    layout for layout in LAYOUTS if layout.orientation != 3 and (layout.order == "<" or layout.blocks == "strip")
]


def samples_of(kind: str, bits: int, smooth: bool) -> np.ndarray:
    """(H, W, C), uint8 or uint16."""
    n, rng = CHANNELS[kind], np.random.default_rng(bits)
    if smooth:
        rows, columns = np.mgrid[:HEIGHT, :WIDTH]
        return np.stack([2 * rows + columns + 10 * channel for channel in range(n)], -1).astype(np.uint8)
    samples = rng.integers(0, 1 << bits, (HEIGHT, WIDTH, n)).astype(np.uint8 if bits <= 8 else np.uint16)
    if kind == "rgb+associated":
        samples[..., :3] = np.minimum(samples[..., :3], samples[..., 3:])
    return samples


def shown(kind: str, bits: int, samples: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """What a viewer shows of samples, on white, as float (H, W, 3)."""
    if kind == "palette":
        return (colours >> 8)[:, samples[..., 0]].transpose(1, 2, 0).astype(float)
    top = (1 << bits) - 1
    level = (samples >> (bits - 8) if bits > 8 else samples.astype(int) * 255 // top).astype(float)
    if kind == "separated":
        return (255 - level[..., :3]) * (255 - level[..., 3:]) / 255
    if kind in ALPHA:
        share = level[..., -1:] / 255
        colour = np.broadcast_to(level[..., :-1], (HEIGHT, WIDTH, 3))
        return colour * (1 if kind == "rgb+associated" else share) + 255 * (1 - share)
    colour = 255 - level if kind == "miniswhite" else level
    return np.broadcast_to(colour, (HEIGHT, WIDTH, 3))


def written(kind: str, bits: int, layout: Layout, samples: np.ndarray, colours: np.ndarray) -> bytes | None:
    """The file; None where tifffile does not write such a one."""
    array = samples[..., 0] if samples.shape[-1] == 1 else samples
    if layout.planar == "separate":
        array = np.moveaxis(array, -1, 0)
    blocks = {"strip": {"rowsperstrip": HEIGHT}, "strips": {"rowsperstrip": 8}, "tiles": {"tile": (16, 32)}}
    options = {
        **blocks[layout.blocks],
        **({"bitspersample": bits} if bits not in (8, 16) else {}),
        **({"extrasamples": [ALPHA[kind]]} if kind in ALPHA else {}),
        **({"colormap": colours} if kind == "palette" else {}),
    }
    buffer = BytesIO()
    try:
        tifffile.imwrite(
            buffer,
            array,
            photometric=WRITTEN_AS.get(kind, kind),
            planarconfig=layout.planar if samples.shape[-1] > 1 else None,
            compression=layout.compression,
            byteorder=layout.order,
            extratags=[(274, 3, 1, layout.orientation, True)],
            metadata=None,
            **options,
        )
    except (ValueError, RuntimeError, NotImplementedError):
        return None
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("kind", "bits"),
    # tifffile writes palettes of 8 bits alone.
    [case for case in product(CHANNELS, (1, 2, 4, 8, 12, 16)) if case[0] != "palette" or case[1] == 8],
)
def test_samples_of_any_layout_are_shown_as_they_are_by_path_and_by_bytes(kind, bits, tmp_path):
    tried, wrong = 0, []
    colours = np.random.default_rng(0).integers(0, 1 << 16, (3, 1 << min(bits, 8))).astype(np.uint16)
    for layout in LAYOUTS if bits in (8, 16) else SHORT:
        is_jpeg = layout.compression == "jpeg"
        if is_jpeg and (bits != 8 or layout.blocks == "tiles" or kind not in ("minisblack", "rgb", "separated")):
            continue
        if CHANNELS[kind] == 1 and layout.planar == "separate":
            continue
        # tifffile writes packed samples of big-endian files in another order than it, or any other, reads them.
        if bits == 12 and layout.order == ">":
            continue
        samples = samples_of(kind, bits, is_jpeg)
        content = written(kind, bits, layout, samples, colours)
        if content is None:
            continue
        expected = ORIENTATIONS[layout.orientation](shown(kind, bits, samples, colours))
        path = tmp_path / "image.tif"
        path.write_bytes(content)
        tolerance = 6 if is_jpeg else 2 if kind in ALPHA or kind == "separated" else 0
        for source in (path, content):
            found = decode(source).pixels
            tried += 1
            if found.shape != expected.shape or np.abs(found - expected).max() > tolerance:
                wrong.append((*layout, type(source).__name__))
    assert tried > 10
    assert wrong == []


@pytest.mark.parametrize("size", [(20_000, 20_000), (1_000_000, 1_000_000), (0, 40)])
def test_a_declared_size_over_the_limit_is_refused_before_anything_is_read(size):
    buffer = BytesIO()
    tifffile.imwrite(buffer, np.zeros((3, 40, 48), np.uint16), photometric="rgb", planarconfig="separate")
    content = buffer.getvalue()
    for tag, old, new in ((256, 48, size[0]), (257, 40, size[1])):
        entry = content.index(struct.pack("<HHII", tag, 4, 1, old))
        content = content[: entry + 8] + new.to_bytes(4, "little") + content[entry + 12 :]
    with pytest.raises(ImageError, match=r"over the limit of [\d,]+ pixels|its size is 0×40"):
        decode(content)


@pytest.mark.parametrize("dtype", [np.int16, np.uint32, np.float32, np.float64])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_samples_without_a_white_are_refused(dtype, planar):
    buffer = BytesIO()
    array = np.zeros((40, 48, 3) if planar == "contig" else (3, 40, 48), dtype)
    tifffile.imwrite(buffer, array, photometric="rgb", planarconfig=planar)
    with pytest.raises(ImageError):
        decode(buffer.getvalue())


def test_more_channels_than_colours_are_named():
    buffer = BytesIO()
    tifffile.imwrite(buffer, np.zeros((7, 40, 48), np.uint16), photometric="minisblack", planarconfig="separate")
    with pytest.raises(ImageError, match="7 samples a pixel"):
        decode(buffer.getvalue())


def test_the_suffix_plays_no_part(tmp_path: Path):
    path = tmp_path / "image.png"
    tifffile.imwrite(path.with_suffix(".tif"), np.full((40, 48, 3), 77, np.uint8))
    path.with_suffix(".tif").rename(path)
    assert (decode(path).pixels == 77).all()
    assert kind_of_file(path.stat().st_mode) is None
