"""What is on the page as code: the same pictures and metrics in Python, with curl, and on the command line."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from typing import Any, Final

from ...plugin.tables import csv_line
from .shapes import Shapes

#: Uploads a file and prints it as endpoints take it. Its name is sent as data, so that it may be any.
_UPLOAD: Final = """\
upload() {
  answer=$(curl -sSf -F 'files=@-;filename=file' "$server/gradio_api/upload" < "$1")
  answer=${answer#[}
  printf '{"path": %s, "orig_name": %s, "meta": {"_type": "gradio.FileData"}}' "${answer%]}" "$2"
}"""


@dataclass(frozen=True)
class Asked:
    """What a visitor has asked.

    Args:
        endpoint: of whom: compare, judge, batch or codecs
        files: the visitor's names of the files, in the endpoint's order
        choices: what else the endpoint takes, in its order: codecs, metrics, what is done to different shapes
    """

    endpoint: str
    files: tuple[str, ...]
    choices: tuple[Any, ...]

    @property
    def metrics(self) -> list[str]:
        """The metrics whose scores are on the page."""
        main = {"compare": ["deepmse"], "judge": ["nr"]}.get(self.endpoint, [])
        return [*main, *self.choices[1 if self.endpoint == "codecs" else 0]]

    @property
    def crops(self) -> bool:
        """Whether the pictures were cut to what they have in common, which the page alone does."""
        return self.endpoint == "compare" and Shapes.CROP in self.choices


def python(asked: Asked, address: str) -> str:
    """Python that prints what the page shows: by the package, or where it has no such function, by the page.

    Args:
        asked: what was asked
        address: of the page
    """
    if asked.endpoint == "compare" and not asked.crops:
        return (
            "from deepmse import score_pairs\n\n"
            f"[score] = score_pairs([({', '.join(map(repr, asked.files))})], {asked.metrics!r})\n"
            "print({name: found.value for name, found in score.measurements.items()}, score.errors)\n"
        )
    if asked.endpoint == "judge":
        return (
            "from deepmse import score\n\n"
            f"[score] = score({list(asked.files)!r}, {asked.metrics!r})\n"
            "print({name: found.value for name, found in score.measurements.items()}, score.errors)\n"
        )
    files = [f"handle_file({name!r})" for name in asked.files]
    sent = [f"[{', '.join(files)}]"] if asked.endpoint == "batch" else files
    arguments = ", ".join((*sent, *map(repr, asked.choices), f'api_name="/{asked.endpoint}"'))
    return (
        "from gradio_client import Client, handle_file\n\n"
        f"client = Client({address!r}, verbose=False)\n"
        f"print(client.predict({arguments}))\n"
    )


def curl(asked: Asked, address: str) -> str:
    """Shell commands that print the endpoint's answer as JSON.

    Args:
        asked: what was asked
        address: of the page
    """
    names = [shlex.quote(json.dumps(name, ensure_ascii=False)) for name in asked.files]
    files = [f"$(upload {_path(file)} {name})" for file, name in zip(asked.files, names, strict=True)]
    sent = [f"[{', '.join(files)}]"] if asked.endpoint == "batch" else files
    choices = [json.dumps(choice).replace('"', '\\"') for choice in asked.choices]
    url = f"$server/gradio_api/call/{asked.endpoint}"
    return (
        f"server={shlex.quote(address.rstrip('/'))}\n{_UPLOAD}\n"
        f"event=$(curl -sSf \"{url}\" -H 'Content-Type: application/json' \\\n"
        f'  -d "{{\\"data\\": [{", ".join((*sent, *choices))}]}}")\n'
        'event=${event#*:\\"}\n'
        f'curl -sSfN "{url}/${{event%%\\"*}}" | sed -n \'s/^data: //p\' | tail -n 1\n'
    )


def command(asked: Asked) -> str:
    """A command line that gives the scores of the page; nothing where there is none.

    Args:
        asked: what was asked
    """
    metrics = "".join(f" -m {shlex.quote(name)}" for name in asked.metrics)
    if asked.crops:
        return ""
    if asked.endpoint == "compare":
        reference, distorted = asked.files
        lines = ["ref,dist", csv_line((reference, distorted)).rstrip()]
        return f"printf '%s\\n' {' '.join(map(shlex.quote, lines))} > pair.csv\ndeepmse score pair.csv{metrics}\n"
    tables = [name for name in asked.files if name.lower().endswith((".csv", ".tsv"))]
    if asked.endpoint == "codecs" or any(name.lower().endswith(".zip") for name in asked.files):
        return ""
    return f"deepmse score {' '.join(map(_path, tables or asked.files))}{metrics}\n"


def _path(name: str) -> str:
    """A file's name for the shell; one that begins with a dash is no option."""
    return shlex.quote(f"./{name}" if name.startswith("-") else name)
