import json
import subprocess
import sys
from pathlib import Path

import pytest
from deepmse.app.web import snippets
from deepmse.app.web.snippets import Asked

#: A name that a shell, Python and CSV would each read otherwise.
ODD = 'it\'s $(1), "a".png'


@pytest.mark.parametrize("endpoint", ["compare", "judge", "batch", "codecs"])
def test_python_is_python_whatever_the_names(endpoint):
    files = (ODD, "b.png") if endpoint == "compare" else (ODD,)
    choices = (["JPEG"], ["psnr"]) if endpoint == "codecs" else (["psnr"],)
    text = snippets.python(Asked(endpoint, files, choices), "http://page/")
    compile(text, "snippet", "exec")
    assert repr(ODD) in text


def test_a_command_line_finds_the_files_whatever_their_names(tmp_path):
    text = snippets.command(Asked("compare", (ODD, "-b.png"), (["psnr"],)))
    told = run(text.replace("deepmse score", "printf '[%s]'"), tmp_path)
    assert told == "[pair.csv][-m][deepmse][-m][psnr]"
    rows = (tmp_path / "pair.csv").read_text().splitlines()
    assert rows == ["ref,dist", '"it\'s $(1), ""a"".png",-b.png']

    text = snippets.command(Asked("judge", ("-b.png",), ([],)))
    assert run(text.replace("deepmse score", "printf '[%s]'"), tmp_path) == "[./-b.png][-m][nr]"


def run(text: str, folder: Path) -> str:
    return subprocess.run(["sh", "-euc", text], cwd=folder, capture_output=True, text=True, check=True).stdout


def test_a_table_is_what_the_command_line_scores_and_an_archive_has_none():
    assert (
        snippets.command(Asked("batch", ("a.png", "pairs.csv"), (["psnr"],))) == "deepmse score pairs.csv -m psnr\n"
    )
    assert snippets.command(Asked("batch", ("a.png", "b c.png"), ([],))) == "deepmse score a.png 'b c.png'\n"
    assert snippets.command(Asked("batch", ("photos.zip",), ([],))) == ""
    assert snippets.command(Asked("codecs", ("a.png",), (["JPEG"], ["psnr"]))) == ""


FAKE = """\
import json, pathlib, sys
arguments = sys.argv[1:]
url = next(each for each in arguments if each.startswith("http"))
if url.endswith("/upload"):
    print(json.dumps(["/uploads/" + sys.stdin.read()]), end="")
elif "-d" in arguments:
    pathlib.Path("sent.json").write_text(arguments[arguments.index("-d") + 1])
    print('{"event_id":"e1"}', end="")
else:
    assert url.endswith("/e1"), url
    print('event: heartbeat\\ndata: null\\n\\nevent: complete\\ndata: [{"score": 1}]\\n')
"""


@pytest.mark.parametrize("endpoint", ["compare", "batch", "codecs"])
def test_curl_uploads_calls_and_prints_the_answer_whatever_the_names(tmp_path, endpoint):
    curl = tmp_path / "bin" / "curl"
    curl.parent.mkdir()
    curl.write_text(f"#!{sys.executable}\n{FAKE}")
    curl.chmod(0o755)
    for name in (ODD, "-b.png"):
        (tmp_path / name).write_text(f"content of {name[:2]}")
    choices = {
        "codecs": (["JPEG 2000"], ["psnr"]),
        "compare": (["psnr", "ssim"], "crop"),
        "batch": (["psnr", "ssim"],),
    }[endpoint]
    files = (ODD,) if endpoint == "codecs" else (ODD, "-b.png")
    text = snippets.curl(Asked(endpoint, files, choices), "http://page/below/")
    assert run(f'PATH="{curl.parent}:$PATH"\n{text}', tmp_path) == '[{"score": 1}]\n'
    meta = {"meta": {"_type": "gradio.FileData"}}
    uploads = [{"path": f"/uploads/content of {name[:2]}", "orig_name": name, **meta} for name in files]
    sent = [uploads] if endpoint == "batch" else uploads
    assert json.loads((tmp_path / "sent.json").read_text()) == {"data": [*sent, *choices]}
