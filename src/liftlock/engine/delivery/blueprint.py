"""With what a deployment is made: the text that is stored with its request, and read again for
every look at it, for its rollback, and years later.

Nothing in it is secret. Variables are kept as they were, so that they go back with the version;
secrets are always those of today: one that was changed because it leaked must not come back.
"""

import json
from collections.abc import Mapping

from liftlock.errors import UserError
from liftlock.language.records import NamedTuple
from liftlock.language.settings import model
from liftlock.language.settings.parse import parse
from liftlock.rollout.analysis import TEMPLATES, of_condition
from liftlock.rollout.course import Terms
from liftlock.rollout.sight import Capabilities

PATH = 'liftlock.yml'


class Blueprint(NamedTuple):
    """`settings` is the text of `liftlock.yml`; `files` what else of the repository is needed to
    make it out (env files), by path."""

    repository: str
    environment: str
    settings: str
    variables: Mapping[str, str] = {}
    files: Mapping[str, str] = {}
    path: str = PATH


def dump(blueprint: Blueprint) -> str:
    """Always the same text for the same blueprint, so that its digest can name it."""
    return json.dumps({'version': 1, **blueprint._asdict()}, sort_keys=True, ensure_ascii=False)


def load(text: str) -> Blueprint:
    known = json.loads(text)
    return Blueprint(**{name: known[name] for name in Blueprint._fields if name in known})


def settings(blueprint: Blueprint) -> model.Settings:
    """UserError if the file has mistakes."""
    parsed = parse(blueprint.path, blueprint.settings)
    if parsed.settings is None:
        first = parsed.diagnostics[0]
        raise UserError(
            f'{blueprint.path} has mistakes: {first.message}', 'see them all: liftlock check'
        )
    return parsed.settings


def environment(blueprint: Blueprint) -> model.Environment:
    """UserError if `liftlock.yml` has mistakes, or no such environment."""
    known = settings(blueprint).environments
    found = known.get(blueprint.environment)
    if found is None:
        names = ', '.join(known) or 'none'
        raise UserError(
            f'{blueprint.path} has no environment "{blueprint.environment}"', f'there are: {names}'
        )
    return found


def terms(blueprint: Blueprint, capabilities: Capabilities) -> Terms:
    """A name stands for the environment's own analysis, another environment's, or a built-in."""
    everything = settings(blueprint)
    own = environment(blueprint)
    analyses: dict[str, model.Analysis] = dict(TEMPLATES)
    for each in everything.environments.values():
        analyses |= each.analysis
    analyses |= own.analysis
    conditions = {}
    for condition in own.rollback.on if own.rollback else ():
        analysis = of_condition(condition) if condition.operator else None
        if analysis is not None and (capabilities.metrics or not analysis.metric):
            unit = condition.unit
            name = f'{condition.metric} {condition.operator} {condition.value:g}{unit}'
            conditions[name] = analysis
    unhealthy = any(not each.operator for each in own.rollback.on) if own.rollback else False
    return Terms(own, capabilities, analyses | conditions, tuple(conditions), unhealthy)
