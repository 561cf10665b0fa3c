"""Miniatures of published datasets, laid out as their authors ship them, quirks of names included.

Each builder fills an empty folder and returns the records that loading it must give, in order.
"""

import csv
import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from deepmse.plugin.datasets import Record
from openpyxl import Workbook
from PIL import Image
from scipy.io import savemat

SIZE = (36, 32)

_counter = itertools.count()


def save(path: Path, size: tuple[int, int] = SIZE) -> Path:
    """An image like no other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(next(_counter)).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def score(index: int, low: float, high: float) -> float:
    """A score of four decimals for the image of that number."""
    return round(low + (high - low) * ((index * 0.37) % 1), 4)


def write_csv(path: Path, header: list[str], rows: list[list[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])


# The published names, written down once more: number, words, category.
TID = """
01 additive Gaussian noise|noise
02 noise stronger in colour than in luminance|noise
03 spatially correlated noise|noise
04 masked noise|noise
05 high-frequency noise|noise
06 impulse noise|noise
07 quantisation noise|noise
08 Gaussian blur|blur
09 image denoising|noise
10 JPEG compression|compression
11 JPEG 2000 compression|compression
12 JPEG transmission errors|transmission
13 JPEG 2000 transmission errors|transmission
14 non-eccentricity pattern|spatial
15 local block-wise distortion|spatial
16 mean shift|contrast
17 contrast change|contrast
18 colour saturation change|colour
19 multiplicative noise|noise
20 comfort noise|noise
21 lossy compression of noisy image|compression
22 colour quantisation with dither|colour
23 chromatic aberrations|colour
24 sparse sampling and reconstruction|compression
"""
KADID = """
01 Gaussian blur|blur
02 lens blur|blur
03 motion blur|blur
04 colour diffusion|colour
05 colour shift|colour
06 colour quantisation|colour
07 colour saturation change in HSV|colour
08 colour saturation change in Lab|colour
09 JPEG 2000 compression|compression
10 JPEG compression|compression
11 white noise|noise
12 white noise in colour component|noise
13 impulse noise|noise
14 multiplicative noise|noise
15 image denoising|noise
16 brightening|contrast
17 darkening|contrast
18 mean shift|contrast
19 jitter|spatial
20 non-eccentricity pattern|spatial
21 pixelation|spatial
22 quantisation|spatial
23 colour blocks|spatial
24 oversharpening|contrast
25 contrast change|contrast
"""


def types(table: str) -> list[tuple[str, str, str]]:
    rows = [line.split(" ", 1) for line in table.strip().splitlines()]
    return [(number, *words.split("|")) for number, words in rows]


def _tid(root: Path, n_types: int, n_levels: int) -> list[Record]:
    refs = {
        "01": save(root / "reference_images" / "I01.BMP"),
        "03": save(root / "reference_images" / "I03.BMP"),
        "25": save(root / "reference_images" / "i25.bmp"),
    }
    records, lines, spreads = [], [], []
    for index, (ref, (number, distortion, category), level) in enumerate(
        itertools.product(refs, types(TID)[:n_types], range(1, n_levels + 1))
    ):
        listed = f"{'I' if ref == '03' else 'i'}{ref}_{number}_{level}.bmp"
        on_disk = f"i{ref}_{number}_{level}.{'BMP' if level == 4 else 'bmp'}"
        dist = save(root / "distorted_images" / on_disk)
        mos, std = score(index, 0.3, 7.2), score(index, 0.01, 0.2)
        lines.append(f"{mos:.4f} {listed}\r\n")
        spreads.append(f"{std:.4f}\r\n")
        records.append(Record(dist, refs[ref], distortion, level, mos, std, category))
    (root / "mos_with_names.txt").write_text("".join(lines), newline="")
    (root / "mos_std.txt").write_text("".join(spreads), newline="")
    (root / "metrics_values").mkdir()
    (root / "metrics_values" / "psnr.txt").write_text("33.1\n")
    return records


def tid2013(root: Path) -> list[Record]:
    return _tid(root, 24, 5)


def tid2008(root: Path) -> list[Record]:
    return _tid(root, 17, 4)


def kadid10k(root: Path) -> list[Record]:
    records, rows = [], []
    refs = [save(root / "images" / f"I{number:02}.png") for number in (1, 81)]
    for index, (ref, (number, distortion, category), level) in enumerate(
        itertools.product(refs, types(KADID), range(1, 6))
    ):
        dist = save(root / "images" / f"{ref.stem}_{number}_{level:02}.png")
        ratings = np.random.default_rng(index).integers(1, 6, 30)
        dmos, std = round(ratings.mean(), 2), round(ratings.std(), 3)
        rows.append([dist.name, ref.name, dmos, std])
        records.append(Record(dist, ref, distortion, level, dmos, std, category))
    write_csv(root / "dmos.csv", ["dist_img", "ref_img", "dmos", "var"], rows)
    return records


def csiq(root: Path) -> list[Record]:
    names = {
        "noise": ("awgn", "AWGN", "white noise", "noise"),
        "blur": ("blur", "BLUR", "Gaussian blur", "blur"),
        "contrast": ("contrast", "contrast", "contrast loss", "contrast"),
        "fnoise": ("fnoise", "fnoise", "pink noise", "noise"),
        "jpeg": ("jpeg", "JPEG", "JPEG compression", "compression"),
        "jpeg 2000": ("jpeg2000", "jpeg2000", "JPEG 2000 compression", "compression"),
    }
    book = Workbook()
    book.active.title = "info"
    sheet = book.create_sheet("all_by_image")
    sheet["B2"] = "CSIQ DMOS"
    for column, title in enumerate(["image", "dst_idx", "dst_type", "dst_lev", "dmos_std", "dmos"], start=4):
        sheet.cell(4, column, title)
    records = []
    for image in (1600, "boston"):
        ref = save(root / "src_imgs" / f"{image}.png")
        for type_number, (kind, (folder, part, distortion, category)) in enumerate(names.items(), start=1):
            for level in range(1, 4 if (image, kind) == ("boston", "contrast") else 5 if kind == "contrast" else 6):
                dist = save(root / "dst_imgs" / folder / f"{image}.{part}.{level}.png")
                dmos, std = score(len(records), 0, 1), score(len(records), 0.01, 0.2)
                row = 5 + len(records)
                for column, value in enumerate([image, type_number, kind, level, std, dmos], start=4):
                    sheet.cell(row, column, value)
                records.append(Record(dist, ref, distortion, level, dmos, std, category))
    book.save(root / "csiq.DMOS.xlsx")
    return records


LIVE = {
    "jp2k": (227, 169, "JPEG 2000 compression", "compression"),
    "jpeg": (233, 175, "JPEG compression", "compression"),
    "wn": (174, 145, "white noise", "noise"),
    "gblur": (174, 145, "Gaussian blur", "blur"),
    "fastfading": (174, 145, "fast fading", "transmission"),
}


def _live(root: Path, folders: list[str]) -> list[Record]:
    """All of LIVE, in the published numbers; the first images of each folder are the undistorted copies."""
    refs = [save(root / "refimgs" / f"sailing{number}.bmp") for number in range(1, 30)]
    records, names, dmos, stds, orgs = [], [], [], [], []
    for folder in folders:
        n_images, n_distorted, distortion, category = LIVE[folder]
        lines = []
        for number in range(1, n_images + 1):
            ref = refs[len(names) % len(refs)]
            dist = save(root / folder / f"img{number}.bmp")
            copy = number <= n_images - n_distorted
            value, std = (0.0, 0.0) if copy else (score(len(names), -2, 111), score(len(names), 1, 9))
            names.append(ref.name)
            dmos.append(value)
            stds.append(std)
            orgs.append(int(copy))
            lines.append(f"{ref.name} img{number}.bmp {0.5 if not copy else 0}\n")
            if not copy:
                records.append(Record(dist, ref, distortion, target=value, target_std=std, category=category))
        (root / folder / "info.txt").write_text("".join(lines))
    savemat(root / "refnames_all.mat", {"refnames_all": np.array([names], dtype=object)})
    savemat(
        root / "dmos_realigned.mat",
        {"dmos_new": np.array([dmos]), "dmos_std": np.array([stds]), "orgs": np.array([orgs], dtype=np.uint8)},
    )
    savemat(root / "dmos.mat", {"dmos": np.array([dmos]), "orgs": np.array([orgs], dtype=np.uint8)})
    return records


def live_release2(root: Path) -> list[Record]:
    return _live(root, list(LIVE))


def live_release1(root: Path) -> list[Record]:
    return _live(root, ["jp2k", "jpeg"])


def live_subset(root: Path) -> list[Record]:
    ref = save(root / "ref" / "bikes.png")
    rows, records = [], []
    for index, folder in enumerate(["fastfading", "gblur", "jpeg", "wn"]):
        dist = save(root / "dist" / f"bikes_{folder}_img{index}.png")
        dmos, std = score(index, 0, 105), score(index, 1, 9)
        rows.append([dist.name, ref.name, folder, dmos, std, 1])
        records.append(Record(dist, ref, LIVE[folder][2], target=dmos, target_std=std, category=LIVE[folder][3]))
    write_csv(root / "dmos.csv", ["dist_img", "ref_img", "distortion", "dmos", "dmos_std", "n_live_entries"], rows)
    return records


def koniq10k(root: Path, folder: str = "512x384") -> list[Record]:
    rows, records = [], []
    for index, part in enumerate(["training", "training", "validation", "test"]):
        dist = save(root / folder / f"{10004473376 + index}.jpg")
        mos = score(index, 5, 90)
        rows.append([dist.name, 0, 0.25, 0.25, 0.5, 0, 104, mos, 0.58, part])
        records.append(Record(dist, target=mos, split=part))
    header = ["image_name", "c1", "c2", "c3", "c4", "c5", "c_total", "MOS", "SD", "set"]
    write_csv(root / "koniq10k_distributions_sets.csv", header, rows)
    return records


def koniq10k_without_sets(root: Path) -> list[Record]:
    rows, records = [], []
    for index in range(3):
        dist = save(root / "koniq10k_1024x768" / "1024x768" / f"{index}.jpg")
        mos = score(index, 5, 90)
        rows.append([dist.name, 0, 0.25, 0.25, 0.5, 0, 104, 3.25, 0.58, mos])
        records.append(Record(dist, target=mos))
    header = ["image_name", "c1", "c2", "c3", "c4", "c5", "c_total", "MOS", "SD", "MOS_zscore"]
    folder = root / "koniq10k_scores_and_distributions"
    write_csv(folder / "koniq10k_scores_and_distributions.csv", header, rows)
    return records


PIPAL = {
    "00": ("traditional super-resolution", "restoration"),
    "01": ("PSNR-oriented super-resolution", "restoration"),
    "02": ("super-resolution with kernel mismatch", "restoration"),
    "03": ("GAN-based super-resolution", "restoration"),
    "04": ("denoising", "restoration"),
    "05": ("super-resolution and denoising", "restoration"),
    "06": ("traditional distortions", None),
}


def pipal(root: Path) -> list[Record]:
    records = []
    for ref_number, folder in ((1, "Distortion_1"), (60, "Distortion_2")):
        ref = save(root / "Train_Ref" / f"A{ref_number:04}.bmp")
        lines = []
        for (kind, (distortion, category)), version in itertools.product(PIPAL.items(), (0, 11)):
            dist = save(root / folder / f"{ref.stem}_{kind}_{version:02}.bmp")
            elo = score(len(records), 870, 1840)
            lines.append(f"{dist.name},{elo}\n")
            records.append(Record(dist, ref, distortion, target=elo, category=category, split="training"))
        label = root / "Train_Label" / f"{ref.stem}.txt"
        label.parent.mkdir(exist_ok=True)
        label.write_text("".join(lines))
    save(root / "NTIRE2022_FR_Testing_Dis" / "A0000_10_00.bmp")
    return records


def biq2021(root: Path) -> list[Record]:
    records = []
    parts = {"training": ("Train", ["ss01 (1020)", "ss02 (7)", "ss03 (5)"]), "test": ("Test", ["ss03 (7992)"])}
    for split, (part, names) in parts.items():
        rows = []
        for name in names:
            suffix = "JPG" if name == "ss02 (7)" else "jpg"
            dist = save(root / "Images" / f"{name}.{suffix}")
            mos = score(len(records), 0, 1)
            rows.append([f"{name}.jpg", mos])
            records.append(Record(dist, target=mos, split=split))
        write_csv(root / f"{part} (Images and MOS).csv", ["Image Name", "MOS"], rows)
    return records


def biq2021_train2000(root: Path) -> list[Record]:
    records, rows = [], []
    for index in range(3):
        dist = save(root / "images" / f"ss01 ({index}).jpg")
        mos = score(index, 0, 1)
        rows.append([dist.name, mos])
        records.append(Record(dist, target=mos, split="training"))
    write_csv(root / "mos.csv", ["image", "mos"], rows)
    return records


def clive(root: Path) -> list[Record]:
    names = [f"t{number}.bmp" for number in range(1, 8)] + ["3.bmp", "5.bmp", "1024.JPG"]
    mos = [score(index, 3, 93) for index in range(len(names))]
    std = [score(index, 10, 30) for index in range(len(names))]
    (root / "Data").mkdir()
    savemat(root / "Data" / "AllImages_release.mat", {"AllImages_release": np.array(names, dtype=object)[:, None]})
    savemat(root / "Data" / "AllMOS_release.mat", {"AllMOS_release": np.array([mos])})
    savemat(root / "Data" / "AllStdDev_release.mat", {"AllStdDev_release": np.array([std])})
    for name in names[:7]:
        save(root / "Images" / "trainingImages" / name)
    return [
        Record(save(root / "Images" / name), target=value, target_std=spread)
        for name, value, spread in zip(names[7:], mos[7:], std[7:], strict=True)
    ]


def spaq(root: Path) -> list[Record]:
    book = Workbook()
    book.active.append(["Image name", "MOS", "Brightness", "Colorfulness", "Contrast", "Noisiness", "Sharpness"])
    records = []
    for index in range(1, 4):
        dist = save(root / "TestImage" / f"{index:05}.jpg")
        mos = score(index, 2, 95)
        book.active.append([dist.name, mos, 50, 50, 50, 50, 50])
        records.append(Record(dist, target=mos))
    (root / "Annotations").mkdir()
    book.save(root / "Annotations" / "MOS and Image attribute scores.xlsx")
    return records


def csv_table(root: Path) -> list[Record]:
    ref = save(root / "ref" / "a.png")
    records = [
        Record(save(root / "dist" / "a_1.png"), ref, "Gaussian blur", 1, 61.5, 3.5, "blur", "training"),
        Record(save(root / "dist" / "a_2.png"), ref, "rain", 2, 12.0, None, "weather", "test"),
        Record(save(root / "dist" / "b.png"), None, None, None, None, None, None, None),
    ]
    write_csv(
        root / "manifest.csv",
        ["dist", "ref", "distortion", "category", "level", "split", "mos", "mos_std", "photographer"],
        [
            ["dist/a_1.png", "ref/a.png", "Gaussian blur", "", 1, "training", 61.5, 3.5, "x"],
            ["dist/a_2.png", "ref/a.png", "rain", "weather", 2, "test", 12, "", "y"],
            ["dist/b.png", "", "", "", "", "", "", "", "z"],
        ],
    )
    return records


def folder(root: Path) -> list[Record]:
    names = ["01.png", "02.JPG", "10.bmp", "below/04.png"]
    (root / "Thumbs.db").write_bytes(b"")
    return [Record(save(root / name)) for name in names]


@dataclass(frozen=True)
class Miniature:
    """A dataset laid out in a folder, and what loading it must give."""

    name: str
    root: Path
    records: list[Record]


BUILDERS = {
    "tid2013": tid2013,
    "tid2008": tid2008,
    "kadid10k": kadid10k,
    "csiq": csiq,
    "live_release2": live_release2,
    "live_release1": live_release1,
    "live_subset": live_subset,
    "koniq10k": koniq10k,
    "pipal": pipal,
    "biq2021": biq2021,
    "biq2021_train2000": biq2021_train2000,
    "clive": clive,
    "spaq": spaq,
    "csv": csv_table,
    "folder": folder,
}


def build(name: str, root: Path) -> Miniature:
    """The dataset of that name in an empty folder."""
    root.mkdir(parents=True, exist_ok=True)
    return Miniature(name, root, BUILDERS[name](root))
