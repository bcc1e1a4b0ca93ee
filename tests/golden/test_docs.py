"""docs/checks.md and docs/liftlock.yml.schema.json are what the code says now.

`pytest tests/golden --update-golden` writes both anew.
"""

import json
from collections.abc import Iterable

from golden.examples import HERE, SILENT, cases, files
from liftlock.language.checks import catalogue
from liftlock.language.rule import Rule
from liftlock.language.settings import schema

DOCS = HERE.parent.parent / 'docs'
HEAD = """# What `liftlock check` finds

Every finding has a place, a message, a code and mostly a hint. **Errors** are what GitHub would
refuse, or Liftlock itself; they end with exit code 2. **Warnings** are about what will probably
hurt, **notes** about what could be better; both are advice (`--strict` takes warnings as seriously
as errors). `--format json`, `sarif` and `github` write the same findings for programs.

All findings of a file come at once, and none because of another one. (GitHub stops at the grammar:
it tells of an unknown job in `needs:` only when each key is right.)

This page is made from the checks and their tests: `pytest tests/golden --update-golden`.
"""
GROUPS = (
    ('Reading workflows and actions', 'checks', catalogue.READING),
    ('Checking workflows and actions', 'checks', catalogue.WORKFLOWS),
    ('`liftlock.yml`', 'settings', catalogue.SETTINGS),
)


def test_the_page_of_the_checks_is_current(update_golden: bool) -> None:
    path = DOCS / 'checks.md'
    if update_golden:
        path.write_text(page())
    assert path.read_text() == page()


def test_the_schema_of_the_settings_is_current(update_golden: bool) -> None:
    path = DOCS / 'liftlock.yml.schema.json'
    if update_golden:
        path.write_text(schema.render())
    assert path.read_text() == schema.render()
    json.loads(path.read_text())


def test_every_code_has_an_example() -> None:
    codes = {rule.code for rule in catalogue.RULES} - {'file'}
    examples = {case.parent.name for kind in ('checks', 'settings') for case in cases(kind)}
    assert examples - {SILENT} == codes


def page() -> str:
    lists = (f'\n## {title}\n\n{contents(rules)}' for title, _, rules in GROUPS)
    sections = (section(kind, rule) for _, kind, rules in GROUPS for rule in rules)
    return HEAD + ''.join(lists) + ''.join(sections)


def contents(rules: Iterable[Rule]) -> str:
    return ''.join(f'- [`{one.code}`](#{one.code}) ({one.severity.value})\n' for one in rules)


def section(kind: str, rule: Rule) -> str:
    text = f'\n## {rule.code}\n\n*{rule.severity.value}* · {rule.what}\n\n**Why.** {rule.why}\n'
    examples = [case for case in cases(kind) if case.parent.name == rule.code]
    for case in examples[:1]:
        for name, source in files(case).items():
            text += f'\n`{name}`\n' + fenced(source, 'yaml')
        text += '\n' + fenced(case.with_suffix('.out').read_text())
    return f'{text}\n**How to fix it.** {rule.fix}\n'


def fenced(text: str, language: str = '') -> str:
    return f'```{language}\n{text.rstrip()}\n```\n'
