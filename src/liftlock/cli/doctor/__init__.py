"""`liftlock doctor`: what this machine can and cannot run, and what to install.

machine    what is here
needs      what the workflows ask for, by their files alone
programs   which programs a script calls
fetching   what is behind `uses:`
images     whether an image can be had
verdicts   whether a need is met
deliveries what environments need to be delivered to from here
telling    all of it, in words and as JSON
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from liftlock.cli import wiring
from liftlock.cli.colour import paint
from liftlock.engine import declared
from liftlock.errors import FAILED, UserError
from liftlock.language.workflow import Workflow

if TYPE_CHECKING:
    from liftlock.cli.doctor.machine import Machine
    from liftlock.cli.doctor.needs import Known, Need
    from liftlock.cli.doctor.telling import Finding, Given
    from liftlock.runner.forge import Home


@click.command('doctor', short_help='Tell what this machine can and cannot run.')
@click.option('--json', 'as_json', is_flag=True, help='Print the findings as JSON.')
@click.pass_obj
def command(state: str | None, as_json: bool) -> int:
    """Tell what this machine can and cannot run, and what to install.

    In a repository, also tell what its workflows ask for that is not here: labels, engines,
    images, services, actions, programs of scripts, versions, and the names of secrets and
    variables; and what delivering to the environments of its liftlock.yml lacks. Actions that are
    not in the cache yet are fetched, as a run would; registries are asked for images that are not
    here.
    """
    from liftlock.cli.doctor import deliveries, machine, telling

    where = wiring.place(state)
    top, home, name = _repository(where)
    here = machine.Machine(where, home)
    things = list(machine.things(here))
    workflows = _workflows(top)
    findings = _examine(workflows, top, here)
    given = _not_stored(_given(workflows), where, name)
    lacks = deliveries.examine(top, here, name) if (top / declared.FILE).is_file() else []
    if as_json:
        import json

        print(
            json.dumps(telling.record(things, findings, given, lacks), indent=2, ensure_ascii=False)
        )
    else:
        for line in telling.lines(things, findings, given, paint(sys.stdout)):
            print(line)
        for line in telling.lacks(lacks, paint(sys.stdout)):
            print(line)
    broken = any(thing.needed and not thing.found for thing in things)
    missing = any(finding.missing for finding in findings)
    return FAILED if broken or missing or lacks else 0


def _repository(where: wiring.Place) -> 'tuple[Path, Home, str]':
    """Its top directory, where it lives, and its name; outside of one, and without git, the doctor
    still looks at what is here."""
    from liftlock.runner import forge, repository

    try:
        seen = repository.look(Path.cwd())
    except UserError:
        return Path.cwd(), forge.Home(), ''
    name = '/'.join(repository.identity(seen))
    return seen.top, forge.locate(seen.url, where.config.forges), name


def _workflows(top: Path) -> list[Workflow]:
    """Those that can be read. What is wrong with the others, `check` says."""
    from liftlock.engine.workflows import FOLDER, is_workflow, read

    found = []
    for file in sorted(top.glob(f'{FOLDER}/*')):
        path = f'{FOLDER}/{file.name}'
        if is_workflow(path):
            text = file.read_text(encoding='utf-8', errors='replace')
            found.append(read(path, text).workflow)
    return [workflow for workflow in found if workflow is not None]


def _examine(workflows: Sequence[Workflow], top: Path, here: 'Machine') -> 'list[Finding]':
    from liftlock.cli.doctor import telling, verdicts

    needs, known = _read(workflows, top, here)
    court = verdicts.Court(here, known)
    found = []
    for need in dict.fromkeys(needs):
        verdict = court.judge(need)
        if verdict is not None:
            found.append(telling.Finding(need, verdict))
    return found


def _read(workflows: Sequence[Workflow], top: Path, here: 'Machine') -> 'tuple[list[Need], Known]':
    """Actions use actions: so what is behind each is asked for until nothing new comes up."""
    import asyncio

    from liftlock.cli.doctor import fetching
    from liftlock.cli.doctor.needs import Reader

    known: Known = {}
    while True:
        reader = Reader(known)
        needs = [need for workflow in workflows for need in reader.read(workflow)]
        if not reader.lacking:
            return needs, known
        known = {**known, **asyncio.run(fetching.fetch(reader.lacking, top, here.where, _say))}


def _say(line: str) -> None:
    sys.stderr.write(f'{line}\n')


def _given(workflows: Sequence[Workflow]) -> 'Given':
    from liftlock.cli.doctor.needs import given

    found: dict[str, dict[str, list[str]]] = {'secrets': {}, 'vars': {}}
    for workflow in workflows:
        for context, name in sorted(set(given(workflow))):
            found[context].setdefault(name, []).append(workflow.path)
    return {context: dict(sorted(names.items())) for context, names in found.items()}


def _not_stored(given: 'Given', where: wiring.Place, repository: str) -> 'Given':
    """Those that a run does not find by itself."""
    from liftlock.cli import stored
    from liftlock.store.secrets import SECRET, VARIABLE

    kinds = {'secrets': SECRET, 'vars': VARIABLE}
    kept = {context: stored.names(where, repository, kind) for context, kind in kinds.items()}
    return {
        context: {name: files for name, files in names.items() if name.upper() not in kept[context]}
        for context, names in given.items()
    }
