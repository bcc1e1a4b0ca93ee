"""Task definitions, filled in for a revision. Pure.

What Liftlock registers says so in labels of its container (they cannot be changed afterwards, and
need no permission of their own, as tags would): `liftlock.environment` and `liftlock.revision` for
whom, `liftlock.version` what, `liftlock.content` a digest of all that was sent, and
`liftlock.variables` the names that came from the environment, so that a revision made from this
one drops those that are gone.

Sources: AWS's reference of RegisterTaskDefinition.
"""

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from liftlock.language.records import NamedTuple
from liftlock.plan import digest
from liftlock.rollout.trouble import Trouble
from liftlock.targets.ecs.references import repository

Definition: TypeAlias = Mapping[str, Any]

# What DescribeTaskDefinition tells and RegisterTaskDefinition does not take.
TOLD: Final = (
    'compatibilities', 'taskDefinitionArn', 'requiresAttributes', 'revision', 'status',
    'registeredAt', 'deregisteredAt', 'registeredBy', 'deleteRequestedAt',
)  # fmt: skip
ENVIRONMENT: Final = 'liftlock.environment'
REVISION: Final = 'liftlock.revision'
VERSION: Final = 'liftlock.version'
CONTENT: Final = 'liftlock.content'
VARIABLES: Final = 'liftlock.variables'
_OURS: Final = (ENVIRONMENT, REVISION, VERSION, CONTENT, VARIABLES)


class Filling(NamedTuple):
    """`secrets` are ARNs by the variable that they become; `version` is the version's id."""

    container: str
    image: str
    environment: str
    revision: str
    version: str
    variables: Mapping[str, str] = {}
    secrets: Mapping[str, str] = {}


def fill(definition: Definition, filling: Filling) -> dict[str, Any]:
    """What is sent to have the revision registered."""
    made = {key: copy.deepcopy(value) for key, value in definition.items() if key not in TOLD}
    made = {key: value for key, value in made.items() if not _is_empty(value)}
    container = next(
        one for one in made['containerDefinitions'] if one['name'] == filling.container
    )
    _fill(container, filling)
    container['dockerLabels'][CONTENT] = _digest(made)
    return made


def _fill(container: dict[str, Any], filling: Filling) -> None:
    labels = {k: v for k, v in (container.get('dockerLabels') or {}).items() if k not in _OURS}
    earlier = set(labels_of(container).get(VARIABLES, '').split(','))
    container['image'] = filling.image
    gone = earlier | set(filling.variables) | set(filling.secrets)
    _exchange(container, 'environment', 'value', filling.variables, gone)
    _exchange(container, 'secrets', 'valueFrom', filling.secrets, gone)
    names = sorted({*filling.variables, *filling.secrets})
    container['dockerLabels'] = labels | {
        ENVIRONMENT: filling.environment,
        REVISION: filling.revision,
        VERSION: filling.version,
        VARIABLES: ','.join(names),
    }


def _exchange(
    container: dict[str, Any], key: str, field: str, values: Mapping[str, str], gone: set[str]
) -> None:
    """A name stands once: ECS refuses a variable that is also a secret."""
    kept = [one for one in container.get(key) or () if one.get('name') not in gone]
    made = kept + [{'name': name, field: value} for name, value in sorted(values.items())]
    container.pop(key, None)
    if made:
        container[key] = made


# --- recognising


def labels_of(container: Mapping[str, Any]) -> dict[str, str]:
    return container.get('dockerLabels') or {}


def labels(definition: Definition) -> dict[str, str]:
    """Of the container that Liftlock filled in; empty where it filled in none."""
    found = map(labels_of, definition.get('containerDefinitions') or ())
    return next((one for one in found if REVISION in one), {})


def is_same(registered: Definition, wanted: Definition) -> bool:
    """But for whom it is: told by what was sent then, or by what is there, since AWS adds
    defaults to what it is sent."""
    if labels(registered).get(CONTENT) == labels(wanted)[CONTENT]:
        return True
    return _digest(registered) == _digest(wanted)


def _digest(definition: Definition) -> str:
    bare = {k: v for k, v in definition.items() if k not in TOLD and not _is_empty(v)}
    bare['containerDefinitions'] = [_bare(one) for one in bare.get('containerDefinitions') or ()]
    return digest.of(json.dumps(bare, sort_keys=True))[:32]


def _bare(container: Mapping[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in container.items() if not _is_empty(value)}
    for key in {'environment', 'secrets'} & set(made):
        made[key] = sorted(made[key], key=lambda one: str(one.get('name')))
    made['dockerLabels'] = {k: v for k, v in labels_of(container).items() if k not in _OURS}
    return made


def _is_empty(value: Any) -> bool:
    return value is None or value in ('', [], {})


# --- choosing


def choose(definition: Definition, name: str, image: str) -> str:
    """The container that gets the image: the named one, the only one, or the only one that has
    an image of the same repository. Raises Trouble."""
    found = [str(one.get('name', '')) for one in _containers(definition)]
    if name in found or (not name and len(found) == 1):
        return name or found[0]
    if name:
        raise Trouble(
            f'the task definition has no container `{name}`',
            f'`container:` may be one of {", ".join(found)}',
        )
    alike = [
        str(one['name'])
        for one in _containers(definition)
        if repository(str(one.get('image', ''))) == repository(image)
    ]
    if len(alike) == 1:
        return alike[0]
    raise Trouble(
        f'the task definition has {len(found)} containers: {", ".join(found)}',
        'Say under `container:` which of them gets the image',
    )


def _containers(definition: Definition) -> Iterator[Mapping[str, Any]]:
    containers = definition.get('containerDefinitions')
    if not isinstance(containers, list) or not containers:
        raise Trouble(
            'the task definition has no containerDefinitions',
            'It has the form that `aws ecs register-task-definition --generate-cli-skeleton` shows',
        )
    yield from (one for one in containers if isinstance(one, Mapping))


def image_of(definition: Definition, name: str) -> str:
    """Of the named or only container; '' where that is none."""
    containers = definition.get('containerDefinitions') or ()
    found = [one for one in containers if not name or one.get('name') == name]
    return str(found[0].get('image', '')) if len(found) == 1 else ''
