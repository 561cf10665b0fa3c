"""The panel in the FiftyOne App, in a browser."""

import csv
import io
import re
from collections import Counter
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from scipy import stats

from .conftest import Served, expect_count, screenshot

pytestmark = [pytest.mark.browser, pytest.mark.integration]

METRICS = ("deepmse", "psnr", "ssim", "gmsd")
REACH = 9
"""Half the width of a lasso in pixels."""


def panel(app: Page) -> Locator:
    return app.locator("[data-cy=panel-content-quality_vs_mos]")


def open_panel(app: Page, served: Served, dataset: str, workspace: str = "beside") -> None:
    """Open a dataset with the panel as new, beside the grid or alone."""
    app.goto(f"{served.url}/datasets/{dataset}?workspace={workspace}")
    panel(app).wait_for()


def open_scored(app: Page, served: Served) -> None:
    """Open the panel on the scored pairs."""
    open_panel(app, served, "scored")
    cells(app).nth(len(METRICS) * (len(groups(served)) + 1) - 1).wait_for()
    expect_count(app, len(served.values["target"]))


def open_tab(app: Page, name: str) -> None:
    panel(app).get_by_role("tab", name=name).click()
    expect(panel(app).get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")


def choose(app: Page, now: str, then: str) -> None:
    """Change the selector that shows ``now``."""
    panel(app).get_by_role("combobox").filter(has_text=re.compile(f"^{re.escape(now)}$")).click()
    app.get_by_role("option", name=then, exact=True).click()


def cells(app: Page) -> Locator:
    """The numbers in coloured cells, row by row."""
    return panel(app).locator(".heatmaplayer text")


def points(app: Page, figure: int = 0) -> list[dict]:
    """Where the points of a figure are, of those figures that have points."""
    plots = panel(app).locator(".js-plotly-plot").filter(has=app.locator(".scatterlayer .point"))
    return [point.bounding_box() for point in plots.nth(figure).locator(".scatterlayer .point").all()]


def groups(served: Served) -> list[str]:
    return sorted(set(served.values["distortion"]), key=str.lower)


def members(served: Served, group: str | None, metric: str) -> tuple[list[float], list[float]]:
    """Scores and targets of a group, or of the whole."""
    columns = zip(served.values["distortion"], served.values["scores"][metric], served.values["target"], strict=True)
    scores, targets = zip(*[(s, t) for g, s, t in columns if group in (None, g)], strict=True)
    return scores, targets


def surround(app: Page, box: dict) -> None:
    """Draw a small lasso round a point."""
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    app.mouse.move(x - REACH, y - REACH)
    app.mouse.down()
    for dx, dy in ((REACH, -REACH), (REACH, REACH), (-REACH, REACH), (-REACH, -REACH)):
        app.mouse.move(x + dx, y + dy, steps=4)
    app.mouse.up()


def near(boxes: list[dict], box: dict) -> int:
    """How many points a lasso round one of them holds."""
    return sum(abs(other["x"] - box["x"]) < REACH and abs(other["y"] - box["y"]) < REACH for other in boxes)


def test_heatmap_shows_one_statistic_of_each_metric_and_distortion(app, served):
    open_scored(app, served)
    for title, statistic in (("SRCC", stats.spearmanr), ("KRCC", stats.kendalltau)):
        expected = [
            served.values["signs"][metric] * statistic(*members(served, group, metric)).statistic
            for group in [None, *groups(served)]
            for metric in METRICS
        ]
        expect(cells(app).last).to_have_text(f"{expected[-1]:.3f}")
        assert [float(text) for text in cells(app).all_text_contents()] == pytest.approx(expected, abs=0.0005001)
        if title == "SRCC":
            screenshot(app, "panel")
            choose(app, "SRCC", "KRCC")


def test_number_of_images_and_interval_are_shown_when_pointed_at(app, served):
    open_scored(app, served)
    cells(app).first.hover(force=True)
    label = panel(app).locator(".hoverlayer .hovertext")
    expect(label).to_contain_text("95 % interval")
    expect(label).to_contain_text(f"n = {len(served.values['target'])}")


def test_one_metric_is_shown_in_all_statistics(app, served):
    open_scored(app, served)
    chips = panel(app).locator(".MuiChip-root")
    for _ in METRICS[1:]:
        expect(chips.nth(1)).to_be_visible()
        count = chips.count()
        chips.last.locator("svg").dispatch_event("click")  # the App may be drawing it anew
        expect(chips).to_have_count(count - 1)
    expect(panel(app).locator(".xtick text", has_text="RMSE")).to_be_visible()
    shown = [float(text) for text in cells(app).all_text_contents()]
    for row, group in enumerate([None, *groups(served)]):
        scores, targets = members(served, group, METRICS[0])
        sign = served.values["signs"][METRICS[0]]
        truth = [
            sign * stats.spearmanr(scores, targets).statistic,
            sign * stats.kendalltau(scores, targets).statistic,
        ]
        assert shown[3 * row : 3 * row + 2] == pytest.approx(truth, abs=0.0005001)
    screenshot(app, "panel-one-metric")


def test_cell_shows_its_images_and_reset_brings_all_back(app, served):
    open_scored(app, served)
    row = len(groups(served))
    cells(app).nth(len(METRICS) * row + 1).click(force=True)
    expect_count(app, Counter(served.values["distortion"])[groups(served)[-1]])
    expect(panel(app).get_by_text("furthest from the curve of PSNR first")).to_be_visible()
    expect(panel(app).locator(".xtitle", has_text="PSNR")).to_be_visible()
    assert cells(app).count() == len(METRICS) * (row + 1)
    screenshot(app, "panel-cell")
    panel(app).get_by_role("button", name="Reset grid").click()
    expect_count(app, len(served.values["target"]))


@pytest.mark.interface
def test_points_drawn_round_show_their_images(app, served):
    open_scored(app, served)
    boxes = points(app)
    assert len(boxes) == len(served.values["target"])
    right = max(boxes, key=lambda box: box["x"])
    surround(app, right)
    expect_count(app, near(boxes, right))
    panel(app).get_by_role("button", name="Reset grid").click()
    expect_count(app, len(served.values["target"]))


def test_residuals_are_plotted_and_lead_to_their_images(app, served):
    app.set_viewport_size({"width": 1500, "height": 1400})
    open_scored(app, served)
    open_tab(app, "Residuals")
    expect(panel(app).get_by_text("Shapiro-Wilk")).to_be_visible()
    for title in ("Residuals by prediction", "Histogram of residuals", "Normal probability plot"):
        expect(panel(app).get_by_text(title)).to_be_visible()
    expect(panel(app).locator(".barlayer .point").first).to_be_visible()
    boxes = points(app)
    assert len(boxes) == len(served.values["target"])
    top = min(boxes, key=lambda box: box["y"])
    surround(app, top)
    expect_count(app, near(boxes, top))
    panel(app).get_by_role("button", name="Reset grid").click()
    expect_count(app, len(served.values["target"]))


def test_significance_compares_every_two_metrics(app, served):
    open_scored(app, served)
    open_tab(app, "Significance")
    verdicts = panel(app).locator(".scatterlayer text")
    expect(verdicts).to_have_count(len(METRICS) * (len(METRICS) - 1))
    screenshot(app, "panel-significance")
    by_bootstrap = verdicts.all_text_contents()
    assert all(re.search(r"p (<|=) \.\d", text) for text in by_bootstrap)
    choose(app, "Bootstrap by reference (SRCC)", "F-test (residuals' variance)")
    expect(panel(app).get_by_text("assumes normal residuals")).to_be_visible()
    assert verdicts.all_text_contents() != by_bootstrap


def test_levels_are_plotted_for_each_distortion(app, served):
    app.set_viewport_size({"width": 1500, "height": 1000})
    open_panel(app, served, "levels", "alone")
    open_tab(app, "Levels")
    lines = panel(app).locator(".scatterlayer .trace")
    n_types = 4
    expect(lines).to_have_count(n_types * (len(METRICS) + 1))  # each metric and the target, for each type
    screenshot(app, "panel-levels")
    choose(app, "Normalised, all metrics", "As is, one metric")
    expect(lines).to_have_count(n_types)


@pytest.mark.interface
def test_full_screen_has_one_figure_beside_the_other(app, served):
    app.set_viewport_size({"width": 1700, "height": 1050})
    open_panel(app, served, "scored", "alone")
    expect(cells(app).first).to_be_visible()
    table, scatter = (plot.bounding_box() for plot in panel(app).locator(".js-plotly-plot").all())
    assert table["x"] + table["width"] <= scatter["x"]
    assert abs(table["y"] - scatter["y"]) < 5
    screenshot(app, "panel-full")
    open_tab(app, "Residuals")
    expect(panel(app).locator(".barlayer .point").first).to_be_visible()
    left, right, *_ = (plot.bounding_box() for plot in panel(app).locator(".js-plotly-plot").all())
    assert left["x"] + left["width"] <= right["x"]
    screenshot(app, "panel-residuals")


def download(app: Page, title: str, name: str) -> bytes:
    """Content of the file of that name that the export of that title gives."""
    # The App may hand over a file twice: one that came before does not count.
    with app.expect_download(lambda found: found.suggested_filename == name) as waiting:
        panel(app).get_by_text("Export…").click()
        app.get_by_role("option", name=title, exact=True).click()
    # The button shows what was chosen until the panel has taken it.
    expect(panel(app).get_by_text("Export…")).to_be_visible()
    return Path(waiting.value.path()).read_bytes()


@pytest.mark.interface
def test_tables_and_figures_are_downloaded(app, served):
    open_scored(app, served)
    content = download(app, "Table, CSV", "scored-table.csv")
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert len(rows) == len(METRICS) * (len(groups(served)) + 1)
    truth = stats.spearmanr(*members(served, None, METRICS[0])).statistic * served.values["signs"][METRICS[0]]
    assert float(rows[0]["srcc"]) == pytest.approx(truth)
    assert download(app, "Table, LaTeX", "scored-table.tex").startswith(b"\\begin{tabular}")
    assert download(app, "Table, Markdown", "scored-table.md").startswith(b"| Metric")
    assert b"Plotly.newPlot" in download(app, "Scores and targets, HTML", "scored-scatter.html")
    assert download(app, "Agreement by group, PNG", "scored-heatmap.png")[:4] == b"\x89PNG"


@pytest.mark.interface
def test_evaluation_is_saved_renamed_opened_and_deleted(app, served):
    open_scored(app, served)
    whole = cells(app).all_text_contents()
    panel(app).get_by_role("button", name="Save").click()
    expect(app.get_by_text("Saved as evaluation_1")).to_be_visible()
    open_tab(app, "Saved")
    expect(panel(app).get_by_role("cell", name="evaluation_1")).to_be_visible()
    panel(app).get_by_label("Rename").click()
    expect(panel(app).get_by_text("New name of evaluation_1")).to_be_visible()
    # The App waits before it takes over what is typed.
    with app.expect_request(lambda request: "table_2" in (request.post_data or "")):
        panel(app).locator("input").last.fill("table_2")
    panel(app).get_by_role("button", name="Rename", exact=True).last.click()
    expect(panel(app).get_by_role("cell", name="table_2")).to_be_visible()
    panel(app).get_by_label("Open").click()
    expect(app.get_by_text("the numbers are those that were saved")).to_be_visible()
    expect(cells(app)).to_have_text(whole)
    panel(app).get_by_label("Delete").click()
    panel(app).get_by_role("button", name="Delete", exact=True).last.click()
    expect(panel(app).get_by_text("Nothing saved yet")).to_be_visible()


def test_scores_are_computed_from_the_panel(app, served):
    open_panel(app, served, "unscored")
    expect(panel(app).get_by_text("No scores yet")).to_be_visible()
    screenshot(app, "no-scores")
    panel(app).get_by_role("button", name="Score images").click()
    app.get_by_role("button", name="Execute", exact=True).wait_for()
    screenshot(app, "form")
    app.get_by_role("button", name="Execute", exact=True).click()
    expect(app.get_by_text("SRCC with")).to_be_visible()
    app.get_by_role("button", name="Done").click()
    expect(cells(app)).to_have_count(3 * (len(groups(served)) + 1))


@pytest.mark.interface
def test_panel_is_legible_when_light_and_narrow(app, served):
    app.set_viewport_size({"width": 1000, "height": 1000})
    open_scored(app, served)
    app.get_by_test_id("LightModeIcon").click()
    expect(app.get_by_test_id("DarkModeIcon")).to_be_visible()
    box = panel(app).bounding_box()
    for cell in panel(app).locator(".heatmaplayer text, .scatterlayer text, .legendtext").all():
        inner = cell.bounding_box()
        assert box["x"] <= inner["x"]
        assert inner["x"] + inner["width"] <= box["x"] + box["width"]
    background, text = (
        app.evaluate(f"getComputedStyle(document.querySelector('{selector}')).{prop}")
        for selector, prop in (
            ("[data-cy=panel-content-quality_vs_mos] .main-svg", "backgroundColor"),
            ("[data-cy=panel-content-quality_vs_mos] .xtick text", "fill"),
        )
    )
    assert contrast(background, text) > 3
    screenshot(app, "panel-narrow")
    app.set_viewport_size({"width": 1500, "height": 950})
    app.reload()
    cells(app).first.wait_for()
    screenshot(app, "panel-light")


def contrast(*colors: str) -> float:
    """WCAG 2 contrast ratio of two CSS rgb colours."""

    def luminance(color: str) -> float:
        channels = [float(value) / 255 for value in re.findall(r"[\d.]+", color)[:3]]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted(luminance(color) for color in colors)
    return (high + 0.05) / (low + 0.05)
