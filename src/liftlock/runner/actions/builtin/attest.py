"""actions/attest: signs with this Liftlock's own key, and keeps it with the run."""

from collections.abc import Mapping
from typing import Final

from liftlock.runner.actions import attesting
from liftlock.runner.workbench import Workbench

INPUTS: Final[Mapping[str, str]] = {
    'subject-path': '',
    'subject-digest': '',
    'subject-name': '',
    'subject-checksums': '',
    'subject-version': '',
    'sbom-path': '',
    'predicate-type': '',
    'predicate': '',
    'predicate-path': '',
    'push-to-registry': 'false',
    'create-storage-record': 'true',
    'show-summary': 'true',
    'github-token': '',
}


async def main(bench: Workbench) -> None:
    await attesting.attest(bench, {name: bench.inputs[name].strip() for name in INPUTS})
