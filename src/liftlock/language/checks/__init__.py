"""Every check of a workflow or action. To add one, write its module and name it here.

A check is a generator over one file, and never needs another check. In a file with mistakes it
sees what could be read, and concludes nothing from what may be hidden (`Subject.doubtful`).
`RULES` of its module say in the user's words what each of its codes means; they and the golden
files make docs/checks.md.
"""

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Final

from liftlock.language.checks import (
    calls,
    checkout,
    commands,
    conditions,
    credentials,
    env,
    environments,
    globs,
    injection,
    inputs,
    labels,
    locking,
    majors,
    matrix,
    needs,
    permissions,
    pinning,
    schedule,
    services,
    shells,
    steps,
)
from liftlock.language.checks.subject import Around, Subject, look
from liftlock.language.checks.walk import Document
from liftlock.language.diagnostics import Diagnostic
from liftlock.language.rule import Rule

MODULES: Final[tuple[ModuleType, ...]] = (
    *(needs, steps, inputs, matrix, calls, conditions),
    *(injection, checkout, credentials, permissions, pinning, locking, majors),
    *(services, shells, commands, env, environments, labels, schedule, globs),
)
CHECKS: Final[tuple[Callable[[Subject], Iterator[Diagnostic]], ...]] = tuple(
    module.check for module in MODULES
)
RULES: Final[tuple[Rule, ...]] = tuple(rule for module in MODULES for rule in module.RULES)
named = calls.named
ALONE: Final = Around()


def examine(document: Document, text: str, around: Around = ALONE) -> list[Diagnostic]:
    """What is to be said about a file beside what reading it found; see `Subject`."""
    subject = look(document, text, around)
    found = {diagnostic for check in CHECKS for diagnostic in check(subject)}
    return sorted(found, key=lambda one: (one.span, one.code, one.message))
