"""What panels are made of: plain functions as events, selectors, and a tab that is added by its declaration alone."""

from collections.abc import Iterator
from typing import Any, ClassVar

import fiftyone.operators as foo
import pytest
from deepmse.plugin.errors import UsageError
from deepmse.plugin.figures import Figure
from deepmse.plugin.panel.agreement.panel import QualityVsMos
from deepmse.plugin.panel.agreement.selectors import COMPARED, PLOTTED, Choices, Selector, settle
from deepmse.plugin.panel.agreement.tab import Content, Plot, Tab
from deepmse.plugin.panel.events import add_events, event_uri
from deepmse.plugin.panel.form import Form

from .panel_app import PANEL, App, small_dataset

pytestmark = pytest.mark.integration


@pytest.fixture
def dataset():
    with small_dataset(metrics=2) as dataset:
        yield dataset


@pytest.fixture
def app(dataset) -> App:
    app = App(dataset)
    app.send("on_load")
    return app


class Ops:
    """The App's operations: remembers what the user is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def notify(self, message: str, variant: str) -> None:
        self.told.append((message, variant))


class Context:
    def __init__(self) -> None:
        self.ops = Ops()


@pytest.fixture
def panel_class() -> type[foo.Panel]:
    class Small(foo.Panel):
        uri = "@someone/something/small"

        def on_load(self, ctx):
            pass

    return Small


class TestEvents:
    def test_a_plain_function_is_called_by_its_name_with_the_session(self, panel_class):
        called = []

        def on_something(session):
            called.append(session)

        add_events(panel_class, lambda panel, ctx: (panel, ctx), [on_something, on_something])
        panel, ctx = panel_class(), Context()
        assert event_uri(panel, on_something) == "@someone/something/small#on_something"
        panel.on_something(ctx)
        assert called == [(panel, ctx)]

    def test_what_is_wrong_with_a_request_is_told_and_other_errors_are_not_swallowed(self, panel_class):
        def on_wrong(ctx):
            raise UsageError("There is no such column.")

        def on_fault(ctx):
            raise KeyError("fault")

        add_events(panel_class, lambda panel, ctx: ctx, [on_wrong, on_fault])
        panel, ctx = panel_class(), Context()
        panel.on_wrong(ctx)
        assert ctx.ops.told == [("There is no such column.", "error")]
        with pytest.raises(KeyError):
            panel.on_fault(ctx)

    def test_two_events_of_one_name_are_refused(self, panel_class):
        def on_click(session):
            pass

        def other(session):
            pass

        def on_load(session):
            pass

        other.__name__ = "on_click"
        add_events(panel_class, lambda panel, ctx: ctx, [on_click])
        for handler in (other, on_load):
            with pytest.raises(ValueError, match=f"Small has another {handler.__name__}"):
                add_events(panel_class, lambda panel, ctx: ctx, [handler])

    def test_what_is_no_event_cannot_be_laid_out(self, panel_class):
        def on_forgotten(session):
            pass

        with pytest.raises(ValueError, match="on_forgotten is no event of Small"):
            Form(panel_class()).button("forgotten", "Forgotten", "help", on_forgotten)

    def test_everything_that_the_app_can_call_is_there(self, app, dataset):
        app.send("on_save")
        found = set()
        for tab in QualityVsMos.tabs:
            app.open_tab(tab)
            found |= set(_called(app.output))
        dataset.delete_sample_fields(["deepmse", "other"])
        app.send("on_refresh")
        found |= set(_called(app.output))
        assert {uri.partition("#")[0] for uri in found} == {PANEL}
        names = {uri.partition("#")[2] for uri in found}
        assert {"on_change_tab", "on_change_metrics", "on_click_cell", "on_click_point", "on_export"} <= names
        assert {"on_open_run", "on_edit_run", "on_assess"} <= names
        assert all(callable(getattr(app.panel, name)) for name in names)


class TestSelectors:
    choices = Choices(
        targets=["dmos", "level"],
        directions={"dmos": "lower"},
        metrics={"psnr": "PSNR", "ssim": "SSIM"},
        breakdowns=["(no breakdown)", "distortion"],
        images=10,
    )

    def settle(self, *more: Selector, **wanted: Any) -> dict[str, Any]:
        return settle([*COMPARED, PLOTTED, *more], self.choices, wanted)

    def test_what_is_on_offer_stands_and_all_else_falls_back(self):
        assert self.settle(metrics=["ssim"], breakdown="(no breakdown)", scope="whole") == {
            "metrics": ["ssim"],
            "target": "dmos",
            "direction": "lower",
            "breakdown": "(no breakdown)",
            "scope": "whole",
            "plotted": "ssim",
        }
        assert self.settle(metrics=["gone"], target="gone", breakdown=None) == self.settle()

    def test_a_selector_follows_those_before_it(self):
        assert self.settle(plotted="ssim")["plotted"] == "ssim"
        assert self.settle(plotted="ssim", metrics=["psnr"])["plotted"] == "psnr"
        assert self.settle(target="level")["direction"] == "higher"
        assert self.settle(target="level", direction="lower")["direction"] == "lower"

    def test_the_first_value_is_the_default_of_one_that_always_offers_the_same(self):
        fixed = Selector.of("colour", "Colour", {"red": "Red", "blue": "Blue"})
        assert self.settle(fixed)["colour"] == "red"
        assert self.settle(fixed, colour="blue")["colour"] == "blue"
        assert self.settle(fixed, colour="green")["colour"] == "red"


UNIT = Selector.of("unit", "Unit", {"each": "Each", "dozen": "Dozens"})


def on_click_bar(session):
    session.state.set("last", session.ctx.params["x"])
    session.show([session.dataset.last().id], "the last")


def on_greet(session):
    session.ctx.ops.notify("Hello")


def _draw(form, state):
    form.row("greetings").button("greet", f"Greet {state['greeted']}", "waving_hand", on_greet)


def _count(comparison, session):
    n = len(comparison.table.ids) / (12 if comparison.controls.of(UNIT) == "dozen" else 1)
    figure = Figure([{"type": "bar", "x": ["images"], "y": [n]}], {"height": 100})
    return Content({"bar": figure}, words=f"clicked: {session.state.last}", state={"greeted": "you"})


COUNT = Tab(
    "count",
    "Count",
    _count,
    selectors=(UNIT,),
    plots={"bar": Plot("Number of images", on_click=on_click_bar, texts={"md": lambda comparison: "counted"})},
    draw=_draw,
    handlers=(on_greet,),
    keeps={"last": None},
)


class TestAnotherTab:
    """A tab that the panel does not know otherwise."""

    @pytest.fixture
    def app(self, dataset) -> App:
        class WithCount(QualityVsMos):
            tabs: ClassVar = {**QualityVsMos.tabs, COUNT.name: COUNT}

        add_events(WithCount, WithCount.session, COUNT.events())
        app = App(dataset)
        app.panel = WithCount()
        app.panel.plugin_name = PANEL.rpartition("/")[0]
        app.send("on_load")
        app.open_tab("count")
        return app

    def test_shows_its_figure_its_words_and_what_it_lays_out(self, app):
        assert [choice["label"] for choice in app.properties["tab"]["view"]["choices"]][-1] == "Count"
        assert app.figure("bar")[0]["y"] == [12]
        assert app.figures == {"bar"}
        assert "clicked: None" in app.words
        assert app.properties["greetings"]["type"]["properties"]["greet"]["view"]["label"] == "Greet you"

    def test_its_selector_stands_beside_those_of_all_and_is_obeyed_and_saved(self, app):
        selectors = list(app.properties["controls"]["type"]["properties"])
        assert selectors == ["metrics", "target", "direction", "breakdown", "unit"]
        app.choose(unit="dozen")
        assert app.figure("bar")[0]["y"] == [1]
        app.send("on_save")
        app.choose(unit="each")
        app.open_tab("runs")
        app.send("on_open_run", row=0, event="open")
        app.open_tab("count")
        assert app.figure("bar")[0]["y"] == [1]

    def test_its_events_are_called(self, app, dataset):
        on_click = app.properties["figures"]["type"]["properties"]["bar"]["view"]["on_click"]
        app.send(on_click.partition("#")[2], x="images")
        assert app.view.values("id") == [dataset.last().id]
        app.send("on_refresh")
        assert "clicked: images" in app.words
        app.send("on_greet")
        assert app.messages == [("notify", {"message": "Hello", "variant": "info"})]

    def test_its_figure_and_its_text_can_be_downloaded(self, app):
        assert app.export("bar.md") == b"counted"
        assert b"Plotly.newPlot" in app.export("bar.html")

    def test_another_dataset_forgets_what_it_kept(self, app):
        app.send("on_click_bar", x="images")
        app.send("on_change_dataset")
        assert "clicked: None" in app.words


def test_what_was_drawn_stays_while_another_tab_is_computed(app):
    app.state["tab"] = "significance"
    app.send("on_click_point", id=None)
    assert app.figures == {"heatmap", "scatter"}
    app.send("on_change_tab", value="significance")
    assert app.figures == {"matrix"}


def _called(value: Any) -> Iterator[str]:
    """What the App calls, anywhere in a layout."""
    if isinstance(value, dict):
        yield from (uri for item in value.values() for uri in _called(item))
    elif isinstance(value, list):
        yield from (uri for item in value for uri in _called(item))
    elif isinstance(value, str) and "#on_" in value:
        yield value
