"""A workflow file, from its root down to a step. `on:` stands in `events.py`."""

from typing import Final

from liftlock.language.expressions.grammar import NOTHING, Known
from liftlock.language.grammar import contexts
from liftlock.language.grammar.events import ON
from liftlock.language.grammar.shapes import (
    ANY_TEXT,
    NULL,
    Shape,
    anything,
    boolean,
    choice,
    condition,
    dictionary,
    either,
    filled,
    listing,
    number,
    one_or_more,
    record,
    scalar,
    text,
    words,
)

# --- what workflows and jobs share

_ANY_LEVEL: Final = words('read', 'write', 'none')
_READ: Final = words('read', 'none')
_WRITE: Final = words('write', 'none')

SCOPES: Final[dict[str, Shape]] = {
    'actions': _ANY_LEVEL,
    'artifact-metadata': _ANY_LEVEL,
    'attestations': _ANY_LEVEL,
    'checks': _ANY_LEVEL,
    'code-quality': _ANY_LEVEL,
    'contents': _ANY_LEVEL,
    'copilot-requests': _WRITE,
    'deployments': _ANY_LEVEL,
    'discussions': _ANY_LEVEL,
    'drives': _ANY_LEVEL,
    'id-token': _WRITE,
    'issues': _ANY_LEVEL,
    'models': _READ,
    'packages': _ANY_LEVEL,
    'pages': _ANY_LEVEL,
    'pull-requests': _ANY_LEVEL,
    'repository-projects': _ANY_LEVEL,
    'security-events': _ANY_LEVEL,
    'statuses': _ANY_LEVEL,
    'vulnerability-alerts': _READ,
}

PERMISSIONS: Final = either(words('read-all', 'write-all'), record(SCOPES))


def _env(known: Known, values: Known | None = None) -> Shape:
    return dictionary(text(values or known), known)


def _defaults(known: Known) -> Shape:
    run = record({'shell': filled(known), 'working-directory': filled(known)}, known=known)
    return record({'run': run})


def _concurrency(known: Known, group: Shape) -> Shape:
    keys = {
        'group': filled(known),
        'cancel-in-progress': boolean(known),
        'queue': words('single', 'max')._replace(known=known),
    }
    return either(group, record(keys, required='group', known=known))


# --- steps

_STEP_CONTROL: Final = {
    'name': text(contexts.STEP),
    'id': filled(),
    'continue-on-error': boolean(contexts.STEP),
}

_STEP_WORK: Final = _STEP_CONTROL | {
    'if': condition(contexts.STEP_CONDITION),
    'timeout-minutes': number(contexts.STEP),
    'env': _env(contexts.STEP),
    'background': boolean(),
}

_RUN: Final = _STEP_WORK | {
    'run': text(contexts.STEP),
    'working-directory': text(contexts.STEP),
    'shell': filled(),
}

_USES: Final = _STEP_WORK | {'uses': filled(), 'with': _env(contexts.STEP)}

_STEPS_OF_OLD: Final = {'run': (_RUN, 'run'), 'uses': (_USES, 'uses')}
_WAITING: Final = {
    'wait': (_STEP_CONTROL | {'wait': one_or_more(filled())}, 'wait'),
    'wait_all': (_STEP_CONTROL | {'wait-all': either(NULL, boolean())}, 'wait-all'),
    'cancel': (_STEP_CONTROL | {'cancel': filled()}, 'cancel'),
}

# GitHub's grammar lets parallel blocks nest and refuses that later; one level is enough here.
_INNER: Final = choice(
    **_STEPS_OF_OLD, **_WAITING, parallel=({'parallel': listing(anything())}, 'parallel')
)
STEP: Final = choice(
    **_STEPS_OF_OLD, **_WAITING, parallel=({'parallel': listing(_INNER)}, 'parallel')
)

# --- jobs

_MATRIX: Final = record(
    {
        'include': listing(dictionary(anything(contexts.NEEDED), contexts.NEEDED), contexts.NEEDED),
        'exclude': listing(dictionary(anything(contexts.NEEDED), contexts.NEEDED), contexts.NEEDED),
    },
    known=contexts.NEEDED,
    loose=True,
)._replace(entries=listing(anything(contexts.NEEDED), contexts.NEEDED), whole=True)

_STRATEGY: Final = record(
    {
        'fail-fast': boolean(contexts.NEEDED),
        'max-parallel': number(contexts.NEEDED),
        'matrix': _MATRIX,
    },
    known=contexts.NEEDED,
)

_LABELS: Final = one_or_more(filled(contexts.EXPANDED))

_RUNS_ON: Final = either(
    _LABELS,
    record({'group': filled(contexts.EXPANDED), 'labels': _LABELS}, known=contexts.EXPANDED),
)._replace(whole=True)

_ENVIRONMENT: Final = either(
    text(contexts.EXPANDED),
    record(
        {
            'name': text(contexts.EXPANDED),
            'url': text(contexts.ENVIRONMENT_URL),
            'deployment': boolean(contexts.EXPANDED),
        },
        required='name',
        known=contexts.EXPANDED,
    ),
)

_TEXTS: Final = listing(filled(contexts.EXPANDED), contexts.EXPANDED)

_CONTAINER_KEYS: Final = {
    'image': filled(contexts.EXPANDED),
    'options': text(contexts.EXPANDED),
    'env': dictionary(text(contexts.RUNNING), contexts.EXPANDED),
    'ports': _TEXTS,
    'volumes': _TEXTS,
    'credentials': record(
        {'username': filled(contexts.CREDENTIALS), 'password': filled(contexts.CREDENTIALS)},
        known=contexts.CREDENTIALS,
    )._replace(whole=True),
}
_SERVICE_KEYS: Final = _CONTAINER_KEYS | {
    'entrypoint': text(contexts.EXPANDED),
    'command': text(contexts.EXPANDED),
}

_CONTAINER: Final = either(
    text(contexts.EXPANDED), record(_CONTAINER_KEYS, known=contexts.EXPANDED)
)._replace(whole=True)
_SERVICE: Final = either(
    filled(contexts.EXPANDED), record(_SERVICE_KEYS, known=contexts.EXPANDED)
)._replace(whole=True)

_SNAPSHOT: Final = either(
    filled(),
    record(
        {
            'image-name': filled(),
            'if': condition(contexts.SNAPSHOT_CONDITION),
            'version': filled(),
        },
        required='image-name',
    ),
)

_EVERY_JOB: Final = {
    'name': text(contexts.EXPANDED),
    'needs': one_or_more(filled()),
    'if': condition(contexts.JOB_CONDITION),
    'strategy': _STRATEGY,
    'permissions': PERMISSIONS,
    'concurrency': _concurrency(contexts.EXPANDED, filled(contexts.EXPANDED)),
}

_JOB: Final = _EVERY_JOB | {
    'runs-on': _RUNS_ON,
    'timeout-minutes': number(contexts.EXPANDED),
    'cancel-timeout-minutes': number(contexts.EXPANDED),
    'continue-on-error': boolean(contexts.EXPANDED),
    'container': _CONTAINER,
    'services': dictionary(_SERVICE, contexts.EXPANDED),
    'env': _env(contexts.EXPANDED_AND_SECRETS),
    'environment': _ENVIRONMENT,
    'outputs': dictionary(text(contexts.RUNNING)),
    'defaults': _defaults(contexts.JOB_DEFAULTS),
    'steps': listing(STEP),
    'snapshot': _SNAPSHOT,
}

_CALL: Final = _EVERY_JOB | {
    'uses': filled(),
    'with': dictionary(scalar(contexts.EXPANDED)),
    'secrets': either(words('inherit'), dictionary(scalar(contexts.EXPANDED_AND_SECRETS))),
}

JOB: Final = choice(job=(_JOB, 'runs-on'), call=(_CALL, 'uses'))

# --- the file

ROOT: Final = record(
    {
        'on': ON,
        'name': text(),
        'description': text(),
        'run-name': text(contexts.SUBMITTED),
        'defaults': _defaults(NOTHING),
        'env': _env(contexts.WORKFLOW_ENV),
        'permissions': PERMISSIONS,
        'concurrency': _concurrency(contexts.SUBMITTED, Shape(contexts.SUBMITTED, text=ANY_TEXT)),
        'jobs': dictionary(JOB),
    },
    required='on jobs',
)
