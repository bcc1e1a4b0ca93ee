"""What forges send, as the events that workflows know: pure.

GitHub's own payload is handed on as it came. Those of Gitea and Forgejo are GitHub's but for some
words, those of GitLab are built anew; `docs/webhooks.md` lists the fields that nobody can fill.
"""

from collections.abc import Callable, Mapping
from typing import Final

from liftlock.engine.intake import filling
from liftlock.engine.intake.forges import bare, gitea, github, gitlab
from liftlock.engine.intake.forges.told import Ignored, Told
from liftlock.language.expressions.values import Value
from liftlock.language.grammar.events import EVENTS
from liftlock.plan import event as events
from liftlock.plan.event import Event
from liftlock.store.repositories import Repository

Read = Callable[[str, Mapping[str, Value]], Told | Ignored]
FORGES: Final[Mapping[str, Read]] = {
    '': bare.read,
    'github': github.read,
    'gitea': gitea.read,
    'forgejo': gitea.read,
    'gitlab': gitlab.read,
}
# A pull request is two events: one for its own files, one for those of the default branch.
TWICE: Final = {'pull_request': ('pull_request', 'pull_request_target')}


def read(
    repository: Repository, kind: str, payload: Mapping[str, Value]
) -> tuple[Event, ...] | Ignored:
    """The events that a delivery means. `kind` is what its header calls it."""
    told = FORGES[repository.forge](kind, payload)
    if isinstance(told, Ignored):
        return told
    if told.name not in EVENTS:
        return Ignored(f'`{kind}` starts no workflows')
    of = filling.text(told.payload, 'repository', 'full_name')
    if of.lower() != repository.name.lower():
        return Ignored(f'it is about {of or "no repository"}, not {repository.name}')
    names = TWICE.get(told.name, (told.name,))
    return tuple(_event(repository, name, told) for name in names)


def _event(repository: Repository, name: str, told: Told) -> Event:
    facts = filling.facts(repository, told.actor)
    made = events.from_payload(facts, name, dict(told.payload))
    return made._replace(sha='', repository=repository.name, actor=told.actor)
