"""The web page under many clients, in small."""

import json
import sys

import pytest
from deepmse.app import cli, first_visits


def test_no_pair_of_any_client_is_lost(monkeypatch, capsys):
    arguments = ["deepmse", "bench", "page", "--clients", "3", "--pairs", "2", "--device", "cpu", "--json"]
    monkeypatch.setattr(sys, "argv", arguments)
    monkeypatch.setattr(first_visits, "VISITS", 1)
    with pytest.raises(SystemExit) as end:
        cli.main()
    found = json.loads(capsys.readouterr().out)
    assert (end.value.code, found["lost"]) == (0, 0)
    assert (found["clients"], found["pairs"]) == (3, 2)
    assert 0 < found["seconds_p50"] <= found["seconds_p95"]
    if visits := found["first_visits"]:
        assert 0 < visits["painted_s"] <= visits["usable_s"]
    assert found["growth"] == pytest.approx(found["last_mb"] / found["first_mb"] - 1)
