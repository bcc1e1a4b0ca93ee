"""action.yml: how an action is described."""

from typing import Final

from liftlock.language.grammar import contexts
from liftlock.language.grammar.shapes import (
    Shape,
    anything,
    boolean,
    choice,
    condition,
    dictionary,
    filled,
    listing,
    record,
    text,
    words,
)

_RUNTIME: Final = words('docker', 'node12', 'node16', 'node20', 'node24', 'composite')
_HOOK: Final = condition(contexts.ACTION_HOOK, bare=True)

_CONTAINER: Final = {
    'using': _RUNTIME,
    'image': filled(),
    'entrypoint': filled(),
    'args': listing(text(contexts.ACTION_INPUTS)),
    'env': dictionary(text(contexts.ACTION_INPUTS), contexts.ACTION_INPUTS),
    'pre-entrypoint': filled(),
    'pre-if': _HOOK,
    'post-entrypoint': filled(),
    'post-if': _HOOK,
}

_NODE: Final = {
    'using': _RUNTIME,
    'main': filled(),
    'pre': filled(),
    'pre-if': _HOOK,
    'post': filled(),
    'post-if': _HOOK,
}

_STEP: Final = {
    'name': text(contexts.COMPOSITE),
    'id': filled(),
    'if': condition(contexts.COMPOSITE_CONDITION),
    'env': dictionary(text(contexts.COMPOSITE), contexts.COMPOSITE),
    'continue-on-error': boolean(contexts.COMPOSITE),
}

_RUN: Final = _STEP | {
    'run': text(contexts.COMPOSITE),
    'shell': text(contexts.COMPOSITE),
    'working-directory': text(contexts.COMPOSITE),
}

_USES: Final = _STEP | {
    'uses': filled(),
    'with': dictionary(text(contexts.COMPOSITE), contexts.COMPOSITE),
}

_COMPOSITE: Final = {
    'using': _RUNTIME,
    'steps': listing(choice(run=(_RUN, 'run shell'), uses=(_USES, 'uses'))),
}

_RUNS: Final = choice(
    docker=(_CONTAINER, 'using image'),
    javascript=(_NODE, 'using main'),
    composite=(_COMPOSITE, 'using steps'),
)

_INPUT: Final = record(
    {
        'description': text(),
        'required': boolean(),
        'default': text(contexts.ACTION_DEFAULT),
        'deprecationMessage': text(),
    },
    loose=True,
)._replace(entries=anything())

_OUTPUT: Final = record({'description': text(), 'value': text(contexts.ACTION_OUTPUT)})

# What the marketplace shows. An icon may be any of some 280 names; nothing here depends on it.
_BRANDING: Final = record({'icon': filled(), 'color': filled()})

_KEYS: Final = {
    'name': filled(),
    'description': text(),
    'author': text(),
    'inputs': dictionary(_INPUT),
    'outputs': dictionary(_OUTPUT),
    'runs': _RUNS,
    'branding': _BRANDING,
}

ROOT: Final[Shape] = record(_KEYS, required='name description runs')

PATIENT: Final[Shape] = record(
    _KEYS | {'name': text(), 'branding': anything()}, required='runs', loose=True
)._replace(entries=anything())
