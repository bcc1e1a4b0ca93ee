"""What people and programs ask a repository to start: refs, inputs and payloads, checked."""

import re
import secrets
from collections.abc import Iterator, Mapping
from typing import Final

from liftlock.engine import declared, workflows
from liftlock.engine.intake.mirror import Mirror
from liftlock.engine.intake.outcome import Dispatch, Offer, Offered
from liftlock.errors import UserError
from liftlock.language.expressions.values import Value, to_text
from liftlock.language.nearest import suggestion
from liftlock.language.template import Literal
from liftlock.language.workflow import Input, Workflow
from liftlock.plan import inputs
from liftlock.store.repositories import Repository

HAND: Final = 'workflow_dispatch'
LONGEST_TYPE: Final = 100  # characters, as on GitHub
MOST_KEYS: Final = 10  # at the top of a client_payload
# What makes git look beyond a ref's own commit, and what no name of one has.
REVISION: Final = re.compile(r'[\s~^:?*\[\\]|\.\.|@\{')
LARGEST: Final = 64 * 1024  # characters of a client_payload


async def resolve(mirror: Mirror, repository: Repository, ref: str) -> tuple[str, str]:
    """The full ref and its commit; a branch goes before a tag. UserError."""
    ref = ref.strip() or repository.default_branch
    names = [ref] if ref.startswith('refs/') else [f'refs/heads/{ref}', f'refs/tags/{ref}']
    names = [] if REVISION.search(ref) else names
    for name in names:
        if name.startswith(('refs/heads/', 'refs/tags/')) and (commit := await mirror.commit(name)):
            return name, commit
    raise UserError(f'{repository.name} has no branch or tag "{ref}"')


def check(files: Mapping[str, str], asked: Dispatch) -> tuple[str, dict[str, Value]]:
    """The path of the workflow, and its inputs by their types. UserError."""
    workflow = _workflow(files, asked.workflow)
    trigger = workflow.on.get(HAND)
    if trigger is None:
        raise UserError(
            f'{workflow.path} cannot be started by hand', f'it has no {HAND} under `on:`'
        )
    given = {name: value for name, value in asked.inputs.items() if value is not None}
    typed, wrong = inputs.tried(trigger.inputs, given)
    known = _environments(files)
    for one in trigger.inputs:
        wrong += _no_environment(one, typed.get(str(one.name.value), ''), known)
    inputs.refuse(wrong)
    return workflow.path, typed


def _no_environment(one: Input, value: Value, known: tuple[str, ...]) -> Iterator[UserError]:
    name = to_text(value)
    if one.type != 'environment' or not name or not known:
        return
    if name.lower() not in map(str.lower, known):
        yield UserError(
            f'the input {one.name.value} names no environment: "{name}"',
            f'liftlock.yml has: {", ".join(known)}',
        )


def offers(files: Mapping[str, str]) -> list[Offer]:
    known = _environments(files)
    found = []
    for path, text in sorted(files.items()):
        if not workflows.is_workflow(path):
            continue
        one = workflows.read(path, text)
        if one.workflow is None:
            found.append(Offer(path, path, dispatched=False, mistake=workflows.mistaken(one)))
            continue
        found.append(_offer(one.workflow, known))
    return found


def _offer(workflow: Workflow, known: tuple[str, ...]) -> Offer:
    trigger = workflow.on.get(HAND)
    offered = tuple(_offered(one, known) for one in trigger.inputs) if trigger else ()
    name = workflow.name or workflow.path
    return Offer(workflow.path, name, trigger is not None, offered, tuple(workflow.on))


def _offered(one: Input, known: tuple[str, ...]) -> Offered:
    default = one.default.value if isinstance(one.default, Literal) else None
    options = known if one.type == 'environment' else one.options
    name = str(one.name.value)
    return Offered(name, one.type, one.description, one.required, default, options)


def _environments(files: Mapping[str, str]) -> tuple[str, ...]:
    text = files.get(declared.FILE, '')
    return tuple(declared.parsed(text).environments) if 'environments' in text else ()


def _workflow(files: Mapping[str, str], name: str) -> Workflow:
    """By its path, the name of its file or its own name. UserError."""
    found = [
        workflows.read(path, text) for path, text in files.items() if workflows.is_workflow(path)
    ]
    for one in found:
        file = one.path.rpartition('/')[2]
        own = one.workflow.name if one.workflow else ''
        if name in (one.path, file, file.rpartition('.')[0], own):
            if one.workflow is None:
                raise UserError(f'{one.path}: {workflows.mistaken(one)}')
            return one.workflow
    known = [one.path.rpartition('/')[2] for one in found]
    told = f'there are: {", ".join(known)}' if known else ''
    raise UserError(f'there is no workflow "{name}"', suggestion(name, known, told))


def refuse_payload(event_type: str, payload: Mapping[str, Value]) -> None:
    """UserError for what GitHub's REST would refuse."""
    import json

    if not event_type.strip() or len(event_type) > LONGEST_TYPE:
        raise UserError(f'an event type has 1 to {LONGEST_TYPE} characters')
    if len(payload) > MOST_KEYS:
        raise UserError(f'client_payload has at most {MOST_KEYS} keys at its top')
    if len(json.dumps(payload)) > LARGEST:
        raise UserError(f'client_payload is larger than {LARGEST // 1024} KiB')


def unique(kind: str) -> str:
    """A delivery that nobody else brings."""
    return f'{kind}:{secrets.token_hex(12)}'
