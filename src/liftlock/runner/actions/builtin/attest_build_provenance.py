"""actions/attest-build-provenance: actions/attest, without a bill of materials."""

from collections.abc import Mapping
from typing import Final

from liftlock.runner.actions import attesting
from liftlock.runner.actions.builtin import attest
from liftlock.runner.workbench import Workbench

_LACKS: Final = {'sbom-path': '', 'subject-version': ''}
INPUTS: Final[Mapping[str, str]] = {
    name: default for name, default in attest.INPUTS.items() if name not in _LACKS
}


async def main(bench: Workbench) -> None:
    given = {name: bench.inputs[name].strip() for name in INPUTS}
    await attesting.attest(bench, {**given, **_LACKS})
