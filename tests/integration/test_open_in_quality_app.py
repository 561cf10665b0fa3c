"""The operator that brings a sample to the quality page."""

from pathlib import Path

import fiftyone as fo
import fiftyone.operators as foo
import pytest
from deepmse.operators import open_in_quality_app
from deepmse.plugin.errors import UsageError
from fiftyone.operators.executor import ExecutionContext, Executor

pytestmark = pytest.mark.integration


@pytest.fixture
def operator() -> foo.Operator:
    return foo.get_operator("@deepmse/image-quality/open_in_quality_app")


@pytest.fixture
def sent(monkeypatch) -> list[tuple[str, list[Path]]]:
    """What was brought to which page."""
    asked: list[tuple[str, list[Path]]] = []

    def link_to(address: str, files: list[Path]) -> str:
        asked.append((address, files))
        return f"{address}/#open=x"

    monkeypatch.setattr(open_in_quality_app, "link_to", link_to)
    return asked


def context(dataset: fo.Dataset, **request) -> ExecutionContext:
    return ExecutionContext({"dataset_name": dataset.name, "params": {}, **request}, executor=Executor())


def form(operator, ctx) -> dict:
    return operator.resolve_input(ctx).type.properties


def test_a_sample_with_a_reference_is_opened_beside_it(dataset, sent):
    operator = open_in_quality_app.OpenInQualityApp()
    sample = dataset.last()
    ctx = context(dataset, selected=[sample.id], params={"address": "http://127.0.0.1:9"})
    assert "problem" not in form(operator, ctx)
    assert operator.execute(ctx) == {"link": "http://127.0.0.1:9/#open=x"}
    [(address, files)] = sent
    assert address == "http://127.0.0.1:9"
    assert [file.name for file in files] == [Path(sample["ref_path"]).name, Path(sample.filepath).name]
    assert all(file.is_file() for file in files)


def test_a_sample_without_one_is_opened_by_itself(dataset, sent):
    operator = open_in_quality_app.OpenInQualityApp()
    sample = dataset.first()
    sample["ref_path"] = None
    sample.save()
    operator.execute(context(dataset, current_sample=sample.id))
    assert sent[0][1] == [Path(sample.filepath)]


@pytest.mark.parametrize("count", [0, 2])
def test_one_sample_is_opened_at_a_time(operator, dataset, count):
    ctx = context(dataset, selected=[sample.id for sample in dataset.limit(count)])
    assert form(operator, ctx)["problem"].view.description == "select one sample"
    with pytest.raises(UsageError, match="select one sample"):
        open_in_quality_app.OpenInQualityApp().execute(ctx)
