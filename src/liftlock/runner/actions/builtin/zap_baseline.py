"""zaproxy/action-baseline, all versions: as the full scan, with ZAP's quick and passive one."""

from collections.abc import Mapping
from typing import Final

from liftlock.runner.actions.builtin import zap
from liftlock.runner.actions.scanning import ZAP_BASELINE
from liftlock.runner.workbench import Workbench

INPUTS: Final[Mapping[str, str]] = zap.INPUTS


async def main(bench: Workbench) -> None:
    await zap.scan(bench, ZAP_BASELINE)
