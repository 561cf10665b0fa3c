"""The page's endpoints as agents and monitors see them."""

import ast
import asyncio
import base64
import csv
import io
import json
import subprocess
import sys
import urllib.request
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from deepmse import score_pairs
from deepmse.app.web.snippets import Asked, command, curl, python
from deepmse.plugin.engine.records import Item
from deepmse.plugin.engine.scorer import Scorer
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from PIL import Image

from ..waiting import QUIET_S

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    coarse = np.random.default_rng(4).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((160, 120), Image.Resampling.BICUBIC)
    image.save(folder / "reference.png")
    image.save(folder / "distorted.jpg", quality=8)
    return folder / "reference.png", folder / "distorted.jpg"


def data_url(path) -> str:
    kind = {"png": "png", "jpg": "jpeg"}[path.suffix[1:]]
    return f"data:image/{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def test_agents_get_the_numbers_of_the_engine_and_read_what_each_tool_takes(web_server, pair):
    async def ask() -> tuple:
        async with (
            streamablehttp_client(f"{web_server.address}gradio_api/mcp/") as (receive, send, _),
            ClientSession(receive, send, timedelta(seconds=QUIET_S)) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            reference, distorted = map(data_url, pair)
            compared = await session.call_tool(
                "compare", {"reference": reference, "distorted": distorted, "metrics": ["psnr"]}
            )
            judged = await session.call_tool("judge", {"picture": distorted, "metrics": []})
            return tools, compared, judged

    tools, compared, judged = asyncio.run(ask())
    assert set(tools) == {"compare", "judge", "codecs"}
    for tool in tools.values():
        assert tool.description
        for name, schema in tool.inputSchema["properties"].items():
            assert schema["description"], (tool.name, name)
            assert schema["type"] in ("string", "array")
    [text] = compared.content
    [expected] = score_pairs([pair], ["deepmse", "psnr"], device="cpu")
    for name in ("deepmse", "psnr"):
        assert f"'score': {expected.measurements[name].value!r}"[:20] in text.text
    [expected] = Scorer(["nr"], device="cpu").run([Item(0, dist=pair[1])])
    [text] = judged.content
    assert f"'score': {expected.measurements['nr'].value!r}"[:14] in text.text
    assert web_server.outside.read_text() == ""


def test_who_watches_over_the_server_learns_that_it_is_there(web_server):
    with urllib.request.urlopen(f"{web_server.address}health", timeout=QUIET_S) as response:
        assert json.load(response)["status"] == "ok"


def test_what_is_copied_gives_the_same_numbers(web_server, pair):
    folder = pair[0].parent
    files = tuple(path.name for path in pair)
    [expected] = score_pairs([pair], ["deepmse", "psnr"], device="cpu")
    value, psnr = (f"{expected.measurements[name].value:.6g}" for name in ("deepmse", "psnr"))
    asked = Asked("compare", files, (["psnr"], "ask"))
    printed = shell(curl(asked, web_server.address), folder)
    answer, *_ = json.loads(printed)
    assert (f"{answer['score']:.6g}", f"{answer['metrics']['psnr']['score']:.6g}") == (value, psnr)

    # Beside the interpreter that runs this is the command.
    path = f'PATH="{Path(sys.executable).parent}:$PATH"\n'
    [row] = csv.DictReader(io.StringIO(shell(path + command(asked), folder)))
    assert (f"{float(row['deepmse']):.6g}", f"{float(row['psnr']):.6g}") == (value, psnr)

    (folder / "copied.py").write_text(python(Asked("codecs", files[:1], (["JPEG"], ["psnr"])), web_server.address))
    told = ast.literal_eval(shell(path + "python copied.py", folder))
    assert {file["codec"] for file in told["files"]} == {"JPEG"}


def shell(text: str, folder: Path) -> str:
    done = subprocess.run(["sh", "-euc", text], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
