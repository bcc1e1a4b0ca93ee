"""What policies in Rego have decided: `opa eval --format json` and `conftest test --output json`.

A rule that does not exist is undefined, and an undefined `deny` would let everything through: it
is a doubt. What a value means is said by the rule's name: `deny…` and `violation…` hold what is
wrong, `allow` must be true.
"""

from collections.abc import Iterator
from typing import Final

from liftlock.gates.finding import Finding
from liftlock.gates.reports.records import Policy
from liftlock.gates.reports.tree import Tree, entries, inside, many, objects, words

DENIALS: Final = ('deny', 'violation')


def looks_opa(tree: Tree) -> bool:
    if not isinstance(tree, dict):
        return False
    result = tree.get('result')
    return isinstance(inside(result, 0, 'expressions'), list) or bool(_errors(tree)) or tree == {}


def _errors(tree: Tree) -> list[Tree]:
    return [one for one in many(tree, 'errors') if words(one, 'code').startswith('rego_')]


def read_opa(tree: Tree) -> Policy:
    doubts = [words(one, 'message') for one in _errors(tree)]
    if not many(tree, 'result') and not doubts:
        doubts.append('its rule is undefined: is there a rule of that name in that package?')
    rules: list[str] = []
    denials: list[Finding] = []
    for one in many(tree, 'result'):
        for expression in entries(one, 'expressions'):
            rule = words(expression, 'text')
            rules.append(rule)
            found = _decided(rule, expression.get('value'))
            if isinstance(found, str):
                doubts.append(found)
            else:
                denials += found
    return Policy('opa', tuple(rules), tuple(denials), tuple(doubts))


def _decided(rule: str, value: Tree) -> list[Finding] | str:
    """What it denies, or why that cannot be told."""
    name = rule.rpartition('.')[2]
    if name.startswith(DENIALS):
        if isinstance(value, list | dict):  # a set comes as a list, or as {message: true}
            return [Finding('opa', rule, '', _message(one)) for one in value]
        if isinstance(value, bool):
            return [Finding('opa', rule, '', 'it denies')] if value else []
    if name == 'allow' and isinstance(value, bool):
        return [] if value else [Finding('opa', rule, '', 'it does not allow it')]
    return f'nobody knows what {rule[:80] or "it"} means: ask for deny, violation or allow'


def _message(one: Tree) -> str:
    return (
        words({'text': one}, 'text') or words(one, 'msg') or words(one, 'message') or str(one)[:300]
    )


# --- conftest


def looks_conftest(tree: Tree) -> bool:
    first = inside(tree, 0)
    return isinstance(first, dict) and {'filename', 'namespace', 'successes'} <= first.keys()


def read_conftest(tree: Tree) -> Policy:
    files = objects(tree)
    denials = tuple(one for file in files for one in _conftest(file))
    tried = sum(file['successes'] for file in files if type(file.get('successes')) is int)
    rules = tuple(dict.fromkeys(words(file, 'namespace') for file in files))
    doubts = () if tried or denials else ('it tried no rule',)
    return Policy('conftest', rules, denials, doubts)


def _conftest(file: Tree) -> Iterator[Finding]:
    for one in many(file, 'failures'):
        yield Finding(
            'conftest', words(file, 'namespace'), '', words(one, 'msg'), words(file, 'filename')
        )
