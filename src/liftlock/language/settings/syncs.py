"""What `sync:` says that cannot happen."""

from collections.abc import Iterator

from liftlock.language.rule import Rule
from liftlock.language.settings.model import (
    Automated,
    Command,
    Environment,
    Sync,
)
from liftlock.language.settings.rules import CONFLICT
from liftlock.language.source import Span

Finding = tuple[Rule, Span, str, str]


def check(environment: Environment) -> Iterator[Finding]:
    sync = environment.sync
    if sync is None:
        return
    if environment.target is None:
        message = 'there is nothing to keep in sync: jobs of workflows deploy here'
        yield CONFLICT, environment.span, message, 'add target:, or leave sync out'
        return
    for message, hint in (*_automated(environment, sync.automated), *_backoff(sync)):
        yield CONFLICT, environment.span, message, hint


def _automated(environment: Environment, automated: Automated | None) -> Iterator[tuple[str, str]]:
    if automated is None:
        return
    target = environment.target
    followed = environment.on.branches or environment.on.tags
    if not followed and not automated.self_heal:
        hint = 'add on: {branches: […]} or on: {tags: […]}; or selfHeal, which needs none'
        yield 'sync is automated, but nothing says what it follows', hint
    if automated.allow_empty and not automated.prune:
        yield (
            'allowEmpty allows nothing where nothing is pruned',
            'add prune: true, or leave it out',
        )
    if automated.self_heal and isinstance(target, Command) and not target.status:
        hint = 'add status:, a command that prints the version that runs'
        yield 'nobody can see here whether something was changed by hand', hint


def _backoff(sync: Sync) -> Iterator[tuple[str, str]]:
    backoff = sync.backoff
    if backoff.max_duration < backoff.duration:
        yield 'the first pause is longer than the longest', 'let maxDuration be at least duration'
