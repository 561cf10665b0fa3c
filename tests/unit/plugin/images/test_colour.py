"""Colour profiles against the formulas of the colour spaces that they describe."""

from io import BytesIO

import numpy as np
import pytest
from deepmse.plugin.images import decode, policies
from PIL import Image, ImageCms

from .test_images import encoded

RNG = np.random.default_rng(0)
#: CIE XYZ (D50) of the primaries of Adobe RGB (1998) and Display P3, adapted by Bradford, and of sRGB; columns are
#: red, green and blue (from the ICC profiles' published colorants).
ADOBE = np.array([[0.60974, 0.20528, 0.14919], [0.31111, 0.62567, 0.06322], [0.01947, 0.06087, 0.74457]])
DISPLAY_P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
SRGB = np.array([[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]])


def s15(value: float) -> bytes:
    return round(value * 65536).to_bytes(4, "big", signed=True)


def profile(colorants: np.ndarray, gamma: float | str, space: bytes = b"RGB ") -> bytes:
    """A matrix profile of version 2 or 4, made by hand (ICC.1:2010)."""
    if gamma == "sRGB":
        values = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
        curve = b"para" + bytes(4) + b"\0\3\0\0" + b"".join(map(s15, values))
    else:
        curve = b"curv" + bytes(4) + (1).to_bytes(4, "big") + round(float(gamma) * 256).to_bytes(2, "big") + bytes(2)
    text = b"made by hand"
    description = b"desc" + bytes(4) + (len(text) + 1).to_bytes(4, "big") + text + b"\0" + bytes(78)
    xyz = [b"XYZ " + bytes(4) + b"".join(map(s15, column)) for column in colorants.T]
    white = b"XYZ " + bytes(4) + b"".join(map(s15, (0.9642, 1.0, 0.8249)))
    tags = {b"desc": description, b"cprt": b"text" + bytes(4) + b"none\0", b"wtpt": white}
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    else:
        tags |= dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), xyz, strict=True))
        tags |= dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve)
    directory, body, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        padded = data + bytes(-len(data) % 4)
        directory += name + (offset + len(body)).to_bytes(4, "big") + len(data).to_bytes(4, "big")
        body += padded
    header = bytearray(128)
    header[8:12] = b"\x02\x40\0\0" if gamma != "sRGB" else b"\x04\x20\0\0"
    header[12:24] = b"mntr" + space + b"XYZ "
    header[36:40] = b"acsp"
    header[68:80] = b"".join(map(s15, (0.9642, 1.0, 0.8249)))
    content = bytes(header) + len(tags).to_bytes(4, "big") + directory + body
    return len(content).to_bytes(4, "big") + content[4:]


def to_srgb(pixels: np.ndarray, colorants: np.ndarray, gamma: float | str) -> np.ndarray:
    """The matrix and curves of the standards, in float64."""
    share = pixels / 255
    if gamma == "sRGB":
        linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    else:
        linear = share ** float(gamma)
    light = np.clip(linear @ (np.linalg.inv(SRGB) @ colorants).T, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize(
    ("colorants", "gamma"), [(ADOBE, 563 / 256), (DISPLAY_P3, "sRGB"), (SRGB, 1.0)], ids=["adobe", "p3", "linear"]
)
def test_a_profiles_colours_are_those_of_its_formula(colorants, gamma, kind):
    pixels = RNG.integers(60, 200, (40, 48, 3), dtype=np.uint8)
    options = {"lossless": True} if kind == "WEBP" else {}
    decoded = decode(encoded(pixels, kind, icc_profile=profile(colorants, gamma), **options))
    assert np.abs(decoded.pixels - to_srgb(pixels, colorants, gamma)).max() <= 2
    assert np.abs(decoded.pixels.astype(int) - pixels).max() > 5
    assert decoded.notes == ("colour profile “made by hand” converted to sRGB",)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_the_same_photograph_in_two_colour_spaces_is_the_same(kind):
    srgb = RNG.integers(90, 170, (40, 48, 3), dtype=np.uint8)
    opened = ImageCms.ImageCmsProfile(BytesIO(profile(ADOBE, 563 / 256)))
    to_adobe = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), opened, "RGB", "RGB")
    adobe = ImageCms.applyTransform(Image.fromarray(srgb), to_adobe)
    assert np.abs(np.asarray(adobe, int) - srgb).max() > 10
    decoded = decode(encoded(adobe, kind, icc_profile=opened.tobytes()))
    assert np.abs(decoded.pixels.astype(int) - srgb).max() <= 2


@pytest.mark.parametrize(
    "same",
    [profile(SRGB, "sRGB"), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()],
    ids=["made", "littlecms"],
)
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_profile_that_is_srgb_moves_no_pixel_and_is_not_noted(same, mode):
    pixels = RNG.integers(0, 256, (40, 48, 3), dtype=np.uint8)
    decoded = decode(encoded(Image.fromarray(pixels).convert(mode), "PNG", icc_profile=same))
    np.testing.assert_array_equal(decoded.pixels, pixels)
    assert decoded.notes == ()


def test_grey_has_its_own_curve():
    grey = np.arange(256, dtype=np.uint8).reshape(4, 64).repeat(10, axis=0)
    decoded = decode(encoded(grey, "PNG", icc_profile=profile(SRGB, 1.8, b"GRAY")))
    light = (grey / 255) ** (461 / 256)
    expected = 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    assert np.abs(decoded.pixels - expected[..., None]).max() <= 2


def test_alpha_lies_over_the_converted_colours():
    pixels = np.zeros((40, 48, 4), np.uint8)
    pixels[..., :3], pixels[..., 3] = (200, 100, 60), 128
    decoded = decode(encoded(Image.fromarray(pixels), "PNG", icc_profile=profile(ADOBE, 563 / 256)))
    colour = to_srgb(pixels[..., :3], ADOBE, 563 / 256)
    assert np.abs(decoded.pixels - (colour * 128 + 255 * 127) / 255).max() <= 2
    assert len(decoded.notes) == 2


@pytest.mark.parametrize("broken", [b"no profile", profile(ADOBE, 2.2)[:150], profile(SRGB, 1.0, b"GRAY")])
def test_a_profile_that_cannot_be_used_is_passed_over_as_viewers_do(broken):
    pixels = RNG.integers(0, 256, (40, 48, 3), dtype=np.uint8)
    decoded = decode(encoded(pixels, "PNG", icc_profile=broken))
    np.testing.assert_array_equal(decoded.pixels, pixels)
    assert decoded.notes == ("unusable colour profile passed over",)


def test_transforms_are_shared_by_threads():
    from concurrent.futures import ThreadPoolExecutor

    made = [RNG.integers(0, 256, (200, 300, 3), dtype=np.uint8) for _ in range(8)]
    files = [encoded(pixels, "PNG", icc_profile=profile(DISPLAY_P3, "sRGB")) for pixels in made]
    alone = [decode(file).pixels for file in files]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda file: decode(file).pixels, files * 4))
    for index, found in enumerate(together):
        np.testing.assert_array_equal(found, alone[index % 8])


def test_scores_of_another_decoding_are_not_resumed(run, tmp_path, monkeypatch):
    Image.fromarray(RNG.integers(0, 256, (40, 48, 3), dtype=np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "t.csv").write_text("dist,ref\na.png,a.png\n")
    arguments = ("score", tmp_path / "t.csv", "-m", "psnr", "-o", tmp_path / "out.csv")
    assert run(*arguments).status == 0
    assert run(*arguments, "--resume").status == 0
    monkeypatch.setattr(policies, "DECODING", policies.DECODING + 1)
    refused = run(*arguments, "--resume")
    assert refused.status == 2
    assert "was made with other settings" in " ".join(refused.err.split())
