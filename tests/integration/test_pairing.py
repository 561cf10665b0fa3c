"""References that are proposed by content, in FiftyOne."""

import fiftyone as fo
import fiftyone.operators as foo
import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.store import ReferencesJob
from PIL import Image

from ..conftest import photo_like

pytestmark = pytest.mark.integration


def test_references_are_proposed_with_a_view_of_the_least_sure(tmp_path):
    originals = tmp_path / "originals"
    originals.mkdir()
    paths = []
    for number in range(4):
        photo = Image.fromarray(photo_like(number, 160, 120))
        if number < 3:
            photo.save(originals / f"o{number}.png")
        paths.append(str(tmp_path / f"copy{number}.jpg"))
        photo.save(paths[-1], quality=30)
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=path) for path in paths])
    pair = foo.get_operator("@deepmse/image-quality/pair_by_content")
    assert pair(dataset, originals) == {"looked at": 4, "paired": 3}
    assert dataset.values("ref_path") == [str(originals / f"o{number}.png") for number in range(3)] + [None]
    review = dataset.load_saved_view("proposed references")
    assert review.values("filepath")[0] == paths[3]
    assert review.values("ref_path_confidence") == sorted(review.values("ref_path_confidence"))
    assert pair(dataset, originals) == {"looked at": 1, "paired": 0}
    with pytest.raises(UsageError, match="no such folder"):
        ReferencesJob(dataset, tmp_path / "none", overwrite=True)
    dataset.delete()
