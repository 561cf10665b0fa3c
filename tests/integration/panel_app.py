"""What the App does for a panel, and a small dataset to do it with."""

import base64
import copy
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fiftyone as fo
import fiftyone.operators as foo
import pydash
from deepmse.plugin.store import fields
from fiftyone.operators.executor import ExecutionContext, Executor

PANEL = "@deepmse/image-quality/quality_vs_mos"
GROUPS = ["blur"] * 5 + ["jpeg"] * 5 + [None] * 2
SCORES = [1.0, 2.0, 3.5, 4.0, 9.0, 5.0, 4.5, 2.5, 2.25, 0.5, 7.0, None]
OTHERS = [30.0, 28.0, 29.0, 21.0, 20.0, 27.0, 22.0, 31.0, 33.0, 32.0, 25.0, 24.0]
TARGETS = [0.1, 0.2, 0.4, 0.3, 0.9, 0.3, 0.45, 0.2, 0.25, 0.1, 0.8, 0.5]


class App:
    """What the App does for a panel: keeps its state, its data and the view, and obeys its messages."""

    def __init__(self, dataset: fo.Dataset, panel: str = PANEL) -> None:
        self.dataset = dataset
        self.uri = panel
        self.panel = foo.get_operator(panel)
        self.current_sample: str | None = None
        self.stages: list[dict[str, Any]] = []
        self.filters: dict[str, Any] | None = None
        self.selected: list[str] = []
        self.state: dict[str, Any] = {}
        self.data: dict[str, Any] = {}
        self.output: dict[str, Any] = {}
        self.messages: list[tuple[str, dict[str, Any]]] = []

    @property
    def view(self) -> fo.DatasetView:
        return fo.DatasetView._build(self.dataset, self.stages)

    def send(self, event: str, /, *, state: dict[str, Any] | None = None, **params: Any) -> None:
        request = {
            "dataset_name": self.dataset.name,
            "view": self.stages,
            "filters": self.filters,
            "selected": self.selected,
            "current_sample": self.current_sample,
            "params": {"panel_id": "p", "panel_state": state or self.state, "__method__": event, **params},
        }
        executor = Executor()
        ctx = ExecutionContext(json.loads(json.dumps(request)), executor=executor, operator_uri=self.uri)
        self.panel.execute(ctx)
        self.messages = []
        requests = executor.to_json()["requests"]
        for message in requests:
            self._obey(message["operator_uri"], json.loads(json.dumps(message["params"], allow_nan=False)))

    def _obey(self, name: str, params: dict[str, Any]) -> None:
        if name == "patch_panel_state":
            for path, value in params["state"].items():
                pydash.set_(self.state, path, value)
        elif name == "patch_panel_data":
            for path, value in params["data"].items():
                pydash.set_(self.data, path, value)
        elif name == "show_panel_output":
            self.output = params["output"]
        elif name == "set_view":
            self.stages = params["view"]
        else:
            self.messages.append((name, params))

    def choose(self, **controls: str | list[str]) -> None:
        """Change selectors as a user does."""
        for name, value in controls.items():
            changed = self.properties["controls"]["type"]["properties"][name]["on_change"].split("#")[1]
            # What the App sends is merged: what was removed from a list is still in it.
            sent = pydash.merge(copy.deepcopy(self.state), {"controls": {name: value}})
            self.state["controls"][name] = value
            self.send(changed, state=sent, value=value)

    def open_tab(self, name: str) -> None:
        self.state["tab"] = name
        self.send("on_change_tab", value=name)

    def change_view(self, view: fo.DatasetView) -> None:
        self.stages = view._serialize()
        self.send("on_change_view")

    def export(self, file: str) -> bytes:
        """What is downloaded as ``file``."""
        assert file in self.choices("actions", "export")
        self.send("on_export", value=file)
        ((name, params),) = self.messages
        assert name == "browser_download"
        assert params["filename"] == f"{self.dataset.name}-{file}"
        return base64.b64decode(params["url"].partition(";base64,")[2])

    @property
    def rows(self) -> dict[str, list[float | None]]:
        """SRCC, KRCC and PLCC, or one statistic of each metric, by group, as drawn."""
        trace = self.figure("heatmap")[0]
        return dict(zip(trace["y"], trace["z"], strict=True))

    def figure(self, name: str) -> list[dict[str, Any]]:
        """Traces of a figure that is laid out."""
        assert name in self.properties["figures"]["type"]["properties"]
        return self.data["figures"][name]

    @property
    def figures(self) -> set[str]:
        """Figures that are laid out."""
        return set(self.properties["figures"]["type"]["properties"])

    def choices(self, row: str, name: str) -> list[str]:
        """What a selector offers."""
        choices = self.properties[row]["type"]["properties"][name]["view"]["choices"]
        return [choice["value"] for choice in choices]

    @property
    def words(self) -> str:
        """Everything that is said in Markdown."""
        return "\n".join(
            entry["default"]
            for entry in self.properties.values()
            if (entry["view"] or {}).get("name") == "MarkdownView"
        )

    @property
    def properties(self) -> dict[str, Any]:
        return self.output["type"]["properties"]


@contextmanager
def small_dataset(*, metrics: int = 1) -> Iterator[fo.Dataset]:
    """Twelve samples in three groups at three levels, with one or two metrics."""
    dataset = fo.Dataset()
    samples = [fo.Sample(filepath=f"/nowhere/{number}.png", distortion=group) for number, group in enumerate(GROUPS)]
    dataset.add_samples(samples, progress=False)
    dataset.add_sample_field("deepmse", fo.FloatField)
    dataset.set_values("deepmse", SCORES)
    if metrics > 1:
        dataset.set_values("other", OTHERS)
        dataset.info[fields.SCORES_KEY] = {"other": {"title": "Other", "kind": "NR", "lower_is_better": False}}
    dataset.set_values("dmos", TARGETS)
    dataset.set_values("level", [number % 3 for number in range(len(GROUPS))])
    dataset.info["image_quality"] = {"target": "dmos", "lower_is_better": True, "kind": "DMOS", "range": [0, 1]}
    dataset.save()
    yield dataset
    dataset.delete()
