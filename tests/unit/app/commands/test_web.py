import importlib.util
import sys

import pytest
from deepmse.app import cli
from deepmse.app.commands import web
from deepmse.app.web import page
from deepmse.plugin.errors import UsageError


def run(monkeypatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["deepmse", "app", *arguments])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


@pytest.fixture
def served(monkeypatch) -> list[page.Address]:
    """The pages that were asked for, none of which is served."""
    asked: list[page.Address] = []
    monkeypatch.setattr(page, "serve", lambda address, **_: asked.append(address))
    return asked


def test_proxy_passwords_and_agents_are_passed_on(monkeypatch, served, tmp_path):
    users = tmp_path / "users"
    users.write_text("# who may\nann:secret:with colon\n\nbob:x\n")
    assert run(monkeypatch, "--port", "7000", "--root-path", "/quality", "--auth-file", str(users)) == 0
    assert run(monkeypatch, "--mcp") == 0
    people = [("ann", "secret:with colon"), ("bob", "x")]
    assert served == [
        page.Address(7000, root_path="/quality", users=people),
        page.Address(7860, mcp=True),
    ]


@pytest.mark.parametrize("content", ["", "# nobody", "ann", "ann:", ":secret", "ann:a\nann:b"])
def test_a_file_that_names_nobody_lets_nobody_in_and_is_not_printed(tmp_path, content):
    path = tmp_path / "users"
    path.write_text(content)
    with pytest.raises(UsageError, match="users: ") as refusal:
        web.users_of(path)
    assert "secret" not in str(refusal.value)


def test_agents_know_no_passwords_and_need_a_package(monkeypatch, served, tmp_path, capsys):
    users = tmp_path / "users"
    users.write_text("ann:secret")
    assert run(monkeypatch, "--mcp", "--auth-file", str(users)) == 2
    assert "--mcp has no passwords" in capsys.readouterr().err
    monkeypatch.setattr(web, "find_spec", lambda name: importlib.util.find_spec("no_such_package"))
    assert run(monkeypatch, "--mcp") == 2
    assert "fiftyone-deepmse[mcp]" in capsys.readouterr().err
    assert served == []


def test_the_server_gets_all_of_an_address(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    launched = {}
    monkeypatch.setattr(page.gr.Blocks, "launch", lambda _, **options: launched.update(options))
    monkeypatch.setattr(page, "TABS", ())
    page.serve(page.Address(7001, "0.0.0.0", "/quality", [("ann", "secret")]))
    wanted = {
        "server_port": 7001,
        "server_name": "0.0.0.0",
        "root_path": "/quality",
        "auth": [("ann", "secret")],
        "mcp_server": False,
        "share": False,
    }
    assert wanted.items() <= launched.items()
