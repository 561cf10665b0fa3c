"""What visitors take from a tab to others: a link, the result as JSON, and code that gives the same numbers."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Mapping, Sequence
from functools import partial
from html import escape
from pathlib import Path
from typing import Any, Final

import gradio as gr

from ...plugin.errors import UsageError
from . import snippets, view
from .records import pack, record, record_html, unpack
from .snippets import Asked
from .tabs.base import Setup
from .uploads import stored

#: How a picture, a list of files or a choice is told from the others.
CHOICES: Final = (gr.Dropdown, gr.CheckboxGroup)

NO_RESULT: Final = "There is no result to share yet."
TOO_LONG: Final = "This result is too long for a link: take the JSON file."
CROPPED: Final = "The command line crops no pictures: take Python or curl, or cut them first."

#: How a link begins that opens uploaded pictures.
OPEN: Final = "open="

PRIVATE: Final[dict[str, Any]] = {"api_visibility": "private", "show_progress": "hidden"}

SCRIPT: Final = """
element.addEventListener('click', async event => {
  const button = event.target.closest('.dm-copy button');
  if (!button) return;
  const text = button.closest('.dm-copy').querySelector('pre').textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = 'Copied';
  } catch {
    // Browsers keep the clipboard from pages without HTTPS: select the text, for the keyboard to copy.
    getSelection().selectAllChildren(button.closest('.dm-copy').querySelector('pre'));
    button.textContent = 'Press Ctrl+C';
  }
  setTimeout(() => { button.textContent = 'Copy'; }, 2000);
});
"""

STYLE: Final = """
.dm-copy header { display: flex; align-items: center; justify-content: space-between; margin: 14px 0 6px; }
.dm-copy h3 { margin: 0; font-size: 13px; font-weight: 600; color: var(--dm-quiet); }
.dm-copy button { padding: 3px 12px; border: 1px solid var(--border-color-primary); border-radius: 6px;
  font-size: 13px; background: none; color: inherit; cursor: pointer; }
.dm-copy button:hover { background: var(--background-fill-secondary); }
.dm-copy pre { margin: 0; padding: 10px 14px; border-radius: 8px; max-height: 260px; overflow: auto; font-size: 12px;
  line-height: 1.5; color: inherit; background: var(--background-fill-secondary); }
.dm-share p { margin: 8px 0 0; }
.dm-record table { width: 100%; margin: 10px 0; border-collapse: collapse; font-size: 14px; }
.dm-record :is(th, td) { padding: 5px 16px 5px 0; text-align: left; font-weight: 400; overflow-wrap: anywhere; }
.dm-record td { font-variant-numeric: tabular-nums; }
.dm-record h2 + p { overflow-wrap: anywhere; }
"""


def endpoint(page: gr.Blocks, name: str) -> Any:
    """The function of a page that answers at an endpoint."""
    return next(function for function in page.fns.values() if function.api_name == name)


def build(page: gr.Blocks, setup: Setup, name: str) -> None:
    """Put what shares an endpoint's answer where this is called; it is made when a visitor opens it.

    Args:
        page: the page, which has the endpoint already
        setup: the server
        name: of the endpoint
    """
    answered = endpoint(page, name)
    choices = [isinstance(component, CHOICES) for component in answered.inputs]
    with gr.Accordion("Share", open=False, elem_classes="dm-share") as box:
        texts = gr.HTML(js_on_load=SCRIPT)
        download = gr.DownloadButton("Result (JSON)", size="sm", scale=0, min_width=180, visible=False)
    address = gr.Textbox(visible=False)
    # Of other pictures there is no result yet.
    gr.on(
        [each.change for each in answered.inputs if not isinstance(each, CHOICES)],
        lambda: (None, gr.Accordion(open=False)),
        None,
        [answered.outputs[0], box],
        queue=False,
        **PRIVATE,
    )
    box.expand(
        partial(_shared, setup, name, choices),
        [*answered.inputs, answered.outputs[0], address],
        [texts, download],
        preprocess=False,
        js="(...values) => [...values.slice(0, -1), location.origin + location.pathname]",
        **PRIVATE,
    )


def _shared(setup: Setup, name: str, choices: Sequence[bool], *values: Any) -> tuple[Any, ...]:
    *inputs, data, address = values
    files = tuple(
        str(upload.get("orig_name") or "picture")
        for value, is_choice in zip(inputs, choices, strict=True)
        if not is_choice
        for upload in (value if isinstance(value, list) else [value])
        if isinstance(upload, dict)
    )
    if not isinstance(data, dict) or not files or "error" in data:
        return f"<p>{NO_RESULT}</p>", gr.DownloadButton(visible=False)
    asked = Asked(name, files, tuple(value for value, is_choice in zip(inputs, choices, strict=True) if is_choice))
    kept = record(asked, data)
    path = setup.download(f"{name}.json")
    path.write_text(json.dumps(kept, indent=2, ensure_ascii=False), encoding="utf-8")
    packed = pack(kept)
    texts = {
        "Link to these numbers": f"{address}#{packed}" if packed else "",
        "Python": snippets.python(asked, address),
        "curl": snippets.curl(asked, address),
        "Command line": snippets.command(asked),
    }
    html = "".join(_to_copy(title, text) for title, text in texts.items() if text)
    lacks = "".join(f"<p>{words}</p>" for words, is_so in ((TOO_LONG, not packed), (CROPPED, asked.crops)) if is_so)
    return lacks + html, gr.DownloadButton(value=str(path), visible=True)


def _to_copy(title: str, text: str) -> str:
    return f"""
<section class="dm-copy" aria-label="{title}">
  <header><h3>{title}</h3><button type="button" aria-label="Copy: {title}">Copy</button></header>
  <pre tabindex="0">{escape(text.rstrip())}</pre>
</section>
"""


def arrive(page: gr.Blocks, setup: Setup, tabs: gr.Tabs, names: Sequence[str]) -> None:
    """Show what a link holds to who opens the page with it: a result and its choices, or pictures brought before.

    Args:
        page: the page, which has the endpoints already
        setup: the server
        tabs: its tabs, whose ids are the endpoints' names
        names: of the endpoints
    """
    shown = gr.HTML(visible=False)
    packed = gr.Textbox(visible=False)
    inputs = {name: endpoint(page, name).inputs for name in names}
    page.load(
        partial(_arrived, setup, inputs),
        packed,
        [shown, tabs, *(each for components in inputs.values() for each in components)],
        js="() => [location.hash.slice(1)]",
        queue=False,
        **PRIVATE,
    )


def _arrived(setup: Setup, inputs: Mapping[str, Sequence[Any]], fragment: str) -> tuple[Any, ...]:
    html: Any = gr.skip()
    name, values = "", list[Any]()
    try:
        if fragment.startswith(OPEN):
            name, values = _opened(setup, inputs, fragment.removeprefix(OPEN))
        elif fragment:
            name, values, html = _sent(inputs, fragment)
    except UsageError as error:
        html = gr.HTML(view.message(str(error)), visible=True)
    updates = [
        value
        for each, components in inputs.items()
        for value in (values if each == name else [gr.skip()] * len(components))
    ]
    return html, gr.Tabs(selected=name) if name else gr.skip(), *updates


def _sent(inputs: Mapping[str, Sequence[Any]], packed: str) -> tuple[str, list[Any], gr.HTML]:
    """The endpoint of a result in a link, the choices that it was made with, and its HTML."""
    found = unpack(packed)
    name = found["endpoint"]
    if name not in inputs:
        raise UsageError("This link holds no result of this page.")
    choices = iter(found["choices"])
    values = [
        _offered(each, next(choices, None)) if isinstance(each, CHOICES) else gr.skip() for each in inputs[name]
    ]
    return name, values, gr.HTML(record_html(found), visible=True)


def _offered(component: Any, value: object) -> Any:
    """The part of a choice that is offered here."""
    offered = {choice for _, choice in component.choices}
    if isinstance(component, gr.Dropdown) and not component.multiselect:
        return value if isinstance(value, str) and value in offered else gr.skip()
    return [each for each in value if isinstance(each, str) and each in offered] if isinstance(value, list) else []


def _opened(setup: Setup, inputs: Mapping[str, Sequence[Any]], text: str) -> tuple[str, list[Any]]:
    """The endpoint that a link opens, and the uploaded pictures that it puts in there."""
    try:
        found = json.loads(urllib.parse.unquote(text))
        name, uploads = found["endpoint"], iter(found["files"])
        components = list(inputs[name])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise UsageError("This link opens nothing on this page.") from error
    values = []
    for component in components:
        is_picture = isinstance(component, gr.Image)
        upload = next(uploads, None) if is_picture else None
        if upload is not None and not Path(stored(setup.uploads, upload, "picture")[1]).is_file():
            raise UsageError("The pictures of this link are no longer here. Open them again.")
        values.append(gr.skip() if upload is None else upload["path"])
    return name, values
