"""actions/attest-sbom: actions/attest for a bill of materials and nothing else."""

from collections.abc import Mapping
from typing import Final

from liftlock.runner.actions import attesting
from liftlock.runner.actions.builtin import attest
from liftlock.runner.actions.inputs import read_required
from liftlock.runner.workbench import Workbench

_LACKS: Final = {
    'subject-version': '',
    'predicate-type': '',
    'predicate': '',
    'predicate-path': '',
    'create-storage-record': '',
}
INPUTS: Final[Mapping[str, str]] = {
    name: default for name, default in attest.INPUTS.items() if name not in _LACKS
}


async def main(bench: Workbench) -> None:
    read_required(bench, 'sbom-path')
    given = {name: bench.inputs[name].strip() for name in INPUTS}
    await attesting.attest(bench, {**given, **_LACKS})
