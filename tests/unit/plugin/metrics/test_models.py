"""Model files: the header says what the scores are; what it does not say well is refused in words."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.learning.gaussian_process.files import PACKAGED
from deepmse.plugin.metrics import metric_info
from deepmse.plugin.metrics.models import FAMILIES, GAUSSIAN_PROCESS, HEADER, Declaration
from safetensors.numpy import save_file

LIKE_DMOS = Declaration("finetuned", kind="FR", lower_is_better=True, range=(0.0, math.inf), policy="resize-256")


def written(path: Path, header: object) -> str:
    save_file({"x": np.zeros(3)}, path, {HEADER: header if isinstance(header, str) else json.dumps(header)})
    return str(path)


def test_the_header_decides_what_a_metric_declares(tmp_path):
    info = metric_info(written(tmp_path / "mine.safetensors", LIKE_DMOS.to_json()))
    assert (info.name, info.kind, info.lower_is_better, info.policy) == ("mine", "FR", True, "resize-256")
    assert info.range == (0, math.inf)
    assert (info.has_deviation, info.has_percentile, info.grades) == (False, False, ())
    assert info.factory == "learning.finetuned.metric:create"


def test_a_file_that_is_replaced_is_read_anew(tmp_path):
    path = tmp_path / "mine.safetensors"
    assert metric_info(written(path, LIKE_DMOS.to_json())).kind == "FR"
    assert metric_info(written(path, GAUSSIAN_PROCESS.to_json())).kind == "NR"


@pytest.mark.parametrize("declaration", [GAUSSIAN_PROCESS, LIKE_DMOS])
def test_declarations_survive_their_way_through_a_file(declaration):
    assert Declaration.from_json(json.loads(json.dumps(declaration.to_json()))) == declaration


def test_a_file_of_before_there_were_families_is_a_gaussian_process(tmp_path):
    info = metric_info(written(tmp_path / "old.safetensors", {"format": "deepmse-nr-1"}))
    assert info.factory == GAUSSIAN_PROCESS.factory
    assert (info.kind, info.lower_is_better, info.range) == ("NR", False, (0, 100))
    assert info.has_deviation and info.has_percentile and info.grades[0] == "bad"


def test_every_family_has_its_metric():
    from importlib import import_module

    for family in FAMILIES:
        module, _, function = Declaration(family).factory.partition(":")
        assert callable(getattr(import_module(f"deepmse.plugin.{module}"), function))


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({**LIKE_DMOS.to_json(), "family": "oracle"}, "family 'oracle'; this version knows gaussian-process"),
        ({**LIKE_DMOS.to_json(), "family": None}, "family None"),
        ({**LIKE_DMOS.to_json(), "version": 99}, "version 99 of a finetuned model.*update deepmse"),
        ({**LIKE_DMOS.to_json(), "version": "1"}, "version 1 of a finetuned model"),
        ({**LIKE_DMOS.to_json(), "kind": "XR"}, "declares no usable scores"),
        ({**LIKE_DMOS.to_json(), "range": [1, 1]}, "declares no usable scores"),
        ({**LIKE_DMOS.to_json(), "range": "ab"}, "declares no usable scores"),
        ({**LIKE_DMOS.to_json(), "lower_is_better": "no"}, "declares no usable scores"),
        ({"family": "finetuned", "version": 1}, "declares no usable scores"),
        ([], "its header is no table"),
        ("{", "cannot be read as a trained model"),
    ],
)
def test_what_a_header_must_say_is_refused_by_the_files_name(tmp_path, header, reason):
    with pytest.raises(UsageError, match=rf"mine\.safetensors: .*{reason}"):
        metric_info(written(tmp_path / "mine.safetensors", header))


def test_weights_are_no_model(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_file({"x": np.zeros(3)}, path)
    with pytest.raises(UsageError, match=r"weights\.safetensors: holds parameters, but no model"):
        metric_info(str(path))
    path.write_bytes(PACKAGED.read_bytes()[:1000])
    with pytest.raises(UsageError, match=r"weights\.safetensors: cannot be read as a trained model"):
        metric_info(str(path))
    with pytest.raises(UsageError, match=r"none\.safetensors: no such model file"):
        metric_info(str(tmp_path / "none.safetensors"))
