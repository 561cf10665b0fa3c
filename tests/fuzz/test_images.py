"""A short run of the hunt for image files that break the decoder."""

import subprocess
import sys
from pathlib import Path

EACH = 60


def test_mutated_images_are_shown_or_refused(tmp_path):
    command = [
        sys.executable,
        Path(__file__).with_name("images.py"),
        "--per-format",
        str(EACH),
        "--keep",
        tmp_path / "kept",
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    *formats, last = done.stdout.splitlines()
    assert last == "0 findings"
    assert len(formats) >= 10
    for line in formats:
        _, *outcomes = line.split()
        assert set(outcomes[::2]) <= {"shown", "refused"}
        assert sum(map(int, outcomes[1::2])) == EACH
