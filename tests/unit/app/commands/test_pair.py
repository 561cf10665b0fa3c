"""``deepmse pair``: copies find the originals that they were made from, whatever they are called."""

import numpy as np
from deepmse.plugin.tables import read_table
from PIL import Image, ImageFilter

from ....conftest import photo_like


def test_distorted_copies_find_their_originals_and_strangers_none(run, tmp_path):
    originals, copies = tmp_path / "originals", tmp_path / "copies"
    originals.mkdir()
    copies.mkdir()
    rng = np.random.default_rng(0)
    expected = {}
    for number in range(6):
        photo = Image.fromarray(photo_like(number, 160, 120))
        photo.save(originals / f"o{number}.png")
        worse = {
            "blur": photo.filter(ImageFilter.GaussianBlur(2)),
            "small": photo.resize((80, 60)),
            "noise": Image.fromarray(np.clip(photo + rng.normal(0, 20, (120, 160, 3)), 0, 255).astype(np.uint8)),
        }
        for kind, image in worse.items():
            image.save(copies / f"{kind}{5 - number}.png")
            expected[f"{kind}{5 - number}.png"] = f"o{number}.png"
    Image.fromarray(photo_like(77, 160, 120)).save(copies / "stranger.png")
    Image.new("RGB", (64, 64)).save(copies / "flat.png")
    (copies / "broken.png").write_text("no image")
    out = tmp_path / "pairs.csv"
    result = run("pair", originals, copies, "-o", out)
    assert result.status == 0, result.err
    rows = {row["dist"].rsplit("/", 1)[1]: row for row in read_table(out).rows}
    assert {name: row["ref"].rsplit("/", 1)[-1] for name, row in rows.items() if row["ref"]} == expected
    assert all(float(rows[name]["confidence"]) > 0.4 for name in expected)
    assert "like no original" in rows["stranger.png"]["error"]
    assert "not an image" in rows["broken.png"]["error"]
    assert rows["flat.png"]["ref"] == ""
