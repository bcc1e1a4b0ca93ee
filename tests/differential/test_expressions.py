"""Our evaluator beside GitHub's `@actions/expressions` on expressions that nobody wrote.

Where GitHub's own C# (which runs workflows) and its TypeScript (which helps editors) differ, we
follow the C#. Those differences are kept out of the generated expressions:

- TypeScript unescapes only the first '' of a text: texts have at most one quote.
- It reads numbers in texts as JavaScript does (0b1, 0X1, unsigned hexadecimals) and writes them
  with all digits (1e+21): numbers here are such that both agree, and NaN stays out of toJSON.
- It evaluates every argument and every index, needed or not: what can fail stands only where it
  is needed by both.
- Its fromJSON takes strict JSON only (a case that differs by this alone is passed over), its
  format no specifiers and no rubbish in holes.
- It allows a comma before `)`, and no operator behind a `*` in an index.
- It folds cases by whole strings (ß is SS) and has objects with inherited keys (`constructor`).
- It counts parentheses as depth and knows no limit of memory: expressions are small.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from differential.peer import Peer, install, missing
from liftlock.cli.eval import portable
from liftlock.language.expressions.errors import EVALUATION, ExpressionError
from liftlock.language.expressions.grammar import Known, parse
from liftlock.language.expressions.values import Scope, Value, kind

CI: Final = bool(os.environ.get('CI'))
SETTINGS: Final = settings(
    max_examples=250,
    deadline=None,
    database=None,
    derandomize=CI,  # the same expressions for everybody there; new ones at every desk
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture(scope='module')
def peer() -> Iterator[Peer]:
    package = None if (needed := missing()) else install()
    if package is None:
        needed = needed or 'npm could not install @actions/expressions'
        pytest.fail(needed) if CI else pytest.skip(needed)
    github = Peer(package)
    yield github
    github.close()


# --- values

KEYS: Final = st.sampled_from(['a', 'b', 'c', 'name', 'A-b', '_x', 'ref'])
NUMBERS: Final = st.sampled_from([0, -0.0, 1, 2, -1, 0.5, 1.25, -3.75, 10, 100000, 1e10, 1.1])
LITERAL_NUMBERS: Final = ('0', '-0', '1', '2', '-1', '0.5', '.5', '1.', '+3', '1e3', '0x1F', '0o17')
WORDS: Final = ('null', 'true', 'false', 'NaN', 'Infinity', '-Infinity')
TEXTS: Final = st.one_of(
    st.sampled_from(
        ['', 'a', 'A', 'abc', 'aBC', 'true', '0', '1', ' 7 ', '0x1F', '0o17', '1e3', '-5', '.5',
         '5.', 'Infinity', '-Infinity', 'refs/heads/main', 'a b', '[1, 2, "a"]', '{"a": 1}']
    ),
    st.text('aAcC019 .-_éÉ\n{}"\\', max_size=6),
)  # fmt: skip
PLAIN: Final = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
CONTEXTS: Final = st.fixed_dictionaries(
    {
        'github': st.dictionaries(KEYS, PLAIN, max_size=5),
        'env': st.dictionaries(KEYS, TEXTS, max_size=3),
        'any': PLAIN,
    }
)

# --- expressions that are well formed


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


ACCESSES: Final = st.builds(
    lambda name, steps: name + ''.join(steps),
    st.sampled_from(['github', 'GitHub', 'env', 'any']),
    st.lists(
        st.one_of(
            KEYS.map(lambda key: f'.{key}'),
            KEYS.map(lambda key: f'[{quoted(key.upper())}]'),
            st.sampled_from(['[0]', '[1]', '[-1]', '[1.5]', "['0']", '.*', '[*]', '[true]']),
        ),
        max_size=4,
    ),
)
LEAVES: Final = st.one_of(
    ACCESSES, TEXTS.map(quoted), st.sampled_from(LITERAL_NUMBERS), st.sampled_from(WORDS)
)
FORMATS: Final = st.lists(
    st.sampled_from(['{0}', '{1}', '{{', '}}', 'a', ' - ', 'é', '{00}']), max_size=5
).map(''.join)


def calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Calls and operators that cannot fail, whatever their operands."""
    return st.one_of(
        st.builds(
            lambda name, left, right: f'{name}({left}, {right})',
            st.sampled_from(['contains', 'startsWith', 'ENDSWITH', 'join']),
            inner,
            inner,
        ),
        st.builds(lambda name, one: f'{name}({one})', st.sampled_from(['toJSON', 'join']), inner),
        st.builds(
            lambda text, one, two: f'format({quoted(text)}, {one}, {two})', FORMATS, inner, inner
        ),
        st.builds(lambda test, one, two: f'case(!{test}, {one}, {two})', inner, inner, inner),
        st.builds(lambda one: f'fromJSON(toJSON({one}))', inner),
        st.builds(lambda one, key: f'fromJSON(toJSON({one})).{key}', inner, KEYS),
        st.builds(lambda one: f'!{one}', inner),
        st.builds(lambda one: f'({one})', inner),
        st.builds(
            lambda left, operator, right: f'{left} {operator} {right}',
            inner,
            st.sampled_from(['==', '!=', '<', '<=', '>', '>=', '&&', '||']),
            inner,
        ),
        st.builds(lambda one, two: f'({one})[{two}]', inner, inner),
    )


SOUND: Final = st.recursive(LEAVES, calls, max_leaves=8)
FALLIBLE: Final = st.one_of(
    st.sampled_from(['[1', '{', 'nope', '', '{"a" 1}', '[1 2]', 'True', '"', '[1}']).map(
        lambda text: f'fromJSON({quoted(text)})'
    ),
    st.sampled_from(['{', '}', '{0', '0}', '{}', '{a}', '{5}', '{{0}']).map(
        lambda text: f'format({quoted(text)}, 1)'
    ),
    SOUND.map(lambda one: f'fromJSON({one})'),
    st.builds(lambda test, one: f'case({test}, {one}, 2)', SOUND, SOUND),
)
EXPRESSIONS: Final = st.one_of(
    SOUND,
    FALLIBLE,
    st.builds(
        lambda one, operator, two: f'{one} {operator} {two}',
        FALLIBLE,
        st.sampled_from(['==', '<', '&&', '||']),
        SOUND,
    ),
    FALLIBLE.map(lambda one: f'toJSON({one})'),
)

# --- expressions that are anything

TOKENS: Final = st.lists(
    st.tuples(
        st.sampled_from(
            ['a', 'a', 'b', 'A.b', 'a.b.c', 'true', 'null', 'NaN', '1', '-1', '.5', "'x'", "''",
             '==', '!=', '<', '>=', '&&', '||', '!', '(', ')', '(', ')', '[', ']', ',', '.', '*',
             'format(', 'contains(', 'toJSON(', 'format', 'q', 'q(', '1x', '=', '&', "'open", '"x"',
             'a-b', '#', '$', '+', '.x']
        ),
        st.sampled_from(['', '', ' ', '\n']),
    ),
    max_size=9,
).map(lambda pairs: ''.join(word + blank for word, blank in pairs))  # fmt: skip
STRICT: Final = 'Error parsing JSON when evaluating fromJson'  # C# reads a text leniently
LAX: Final = re.compile(r',\s*\)|\[\s*\*\s*[^\]\s]')  # TypeScript's comma, C#'s star


def known_value(plain: Any) -> Value:
    return json.loads(json.dumps(plain), parse_int=float)


def ours(expression: str, contexts: Mapping[str, Any]) -> Any:
    values = {name: known_value(item) for name, item in contexts.items()}
    try:
        value = parse(expression, Known(frozenset(values))).evaluate(Scope(values))
    except ExpressionError as error:
        return {'error': 'evaluation' if error.kind == EVALUATION else 'syntax'}
    return {'kind': kind(value), 'value': portable(value)}


def compare(peer: Peer, expression: str, contexts: Mapping[str, Any]) -> None:
    theirs = peer.ask(expression, contexts)
    message = theirs.pop('message', '')
    found = ours(expression, contexts)
    assume('error' in found or message != STRICT)
    assert found == theirs, message


@SETTINGS
@given(EXPRESSIONS, CONTEXTS)
def test_a_generated_expression_has_the_value_that_github_gives(
    peer: Peer, expression: str, contexts: dict[str, Any]
) -> None:
    assume('toJSON' not in expression or not re.search('NaN|Infinity', expression))
    compare(peer, expression, contexts)


@SETTINGS
@given(TOKENS)
def test_a_row_of_words_is_refused_where_github_refuses_it(peer: Peer, expression: str) -> None:
    assume(not LAX.search(expression))
    compare(peer, expression, {'a': {'b': [1, {'c': 'x'}], 'x': None}, 'b': 'text'})
