"""Make the plan of a workflow, reading the called workflows that it turns out to need."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from liftlock.engine import locks, workflows
from liftlock.errors import UserError
from liftlock.plan import make
from liftlock.plan.plan import Plan, Request

# Gives the text of `owner/repo/path@ref`; beside it stands what a lock says, as in `locks.Held`.
Remote: TypeAlias = Callable[[str, Mapping[str, str] | None], str]


def plan(request: Request, files: Mapping[str, str], remote: Remote) -> Plan:
    """`files` are the repository's, by path. UserError for what GitHub would refuse."""
    pins = locks.held(files, request.workflow).pins
    while True:
        match make.make(request):
            case Plan() as made:
                return made
            case make.Refused(diagnostics):
                raise workflows.refused(diagnostics, request.files)
            case make.Lacking(references):
                more = {name: _called(name, files, remote, pins) for name in references}
                request = request._replace(files={**request.files, **more})


def _called(
    reference: str, files: Mapping[str, str], remote: Remote, pins: Mapping[str, str] | None
) -> str:
    """A called workflow's text: from the repository, or from another one."""
    if '@' in reference:
        return remote(reference, pins)
    if reference not in files:
        raise UserError(f'there is no workflow file {reference}', 'another workflow calls it')
    return files[reference]
