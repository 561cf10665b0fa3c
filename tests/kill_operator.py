"""Kills a delegated operator at random moments, queues it again each time, and compares its fields with a quiet run.

``python -m tests.kill_operator TABLE --rows N --moments 20 [-m METRIC]`` repeats the pairs of a table as often as it
takes, in a FiftyOne of its own, prints as JSON what was lost, doubled or different, and ends with status 1 if
anything was.
"""

from __future__ import annotations

import argparse
import itertools
import subprocess
import sys
import tempfile
from pathlib import Path

from .kill_and_resume import otherwise, started, survives, told
from .own_fiftyone import use_own_fiftyone

OPERATOR = "@deepmse/image-quality/compute_full_reference"
EXECUTE = f"""
from fiftyone.operators.delegated import DelegatedOperationService
DelegatedOperationService().execute_queued_operations(operator={OPERATOR!r}, limit=1)
"""


def differences(pairs: list[tuple[Path, Path]], metric: str, moments: int) -> tuple[int, list[str]]:
    """How often the operator was killed, and the samples that a quiet run of it scores otherwise.

    Args:
        pairs: paths, the reference's last
        metric: what to compute
        moments: how often to kill it
    """
    import fiftyone as fo
    import fiftyone.operators as foo

    compute = foo.get_operator(OPERATOR)
    quiet, killed = fo.Dataset("quiet-operator"), fo.Dataset("killed-operator")
    for dataset in (quiet, killed):
        dataset.add_samples([fo.Sample(filepath=str(dist), ref_path=str(ref)) for dist, ref in pairs], progress=False)
        dataset.persistent = True
    compute(quiet, metric, device="cpu", error_maps=False)

    def queue(resumes: bool) -> subprocess.Popen[bytes]:
        compute(killed, metric, device="cpu", error_maps=False, only_missing=resumes, delegate=True)
        return started(EXECUTE)

    def done() -> int:
        killed.reload()
        return killed.count(metric) if killed.has_field(metric) else 0

    try:
        times = survives(queue, moments, done, len(pairs))
        quiet.reload()
        killed.reload()
        expected, found = (list(zip(*each.values(["filepath", metric]), strict=True)) for each in (quiet, killed))
    finally:
        quiet.delete()
        killed.delete()
    return times, otherwise(expected, found)


def main() -> int:
    """Parse the command line, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--moments", type=int, default=20)
    parser.add_argument("-m", "--metric", default="psnr")
    given = parser.parse_args()

    from deepmse.plugin.engine.inputs import read_inputs
    from deepmse.plugin.engine.score_tables import items

    read = items(read_inputs([str(given.table)]), dist="dist", ref="ref")
    pairs = [(Path(pair.dist), Path(str(pair.ref))) for pair in itertools.islice(itertools.cycle(read), given.rows)]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        use_own_fiftyone(Path(home))
        times, wrong = differences(pairs, given.metric, given.moments)
    return told(times, wrong)


if __name__ == "__main__":
    sys.exit(main())
