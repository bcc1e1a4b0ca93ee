"""`{{branch}}-{{date 'YYYYMMDD' tz='Asia/Tokyo'}}`: the part of Handlebars that image tags use.

Values are looked up by name; those that can be called get the arguments. As in Handlebars, what
`{{…}}` gives is escaped for HTML and what `{{{…}}}` gives is not, and an unknown name is ''.
Blocks (`{{#if …}}`) and partials are not supported.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from liftlock.runner.workbench import StepFailed

Call = Callable[[Sequence[str], Mapping[str, str]], str]
Values = Mapping[str, str | int | Sequence[str | int] | Call]

_MUSTACHE: Final = re.compile(
    r'(?P<kept>\\\{\{[^}]*\}\})'
    r'|\{\{(?P<before>~?)(?:'
    r'!--.*?--(?P<after1>~?)'
    r'|![^}]*?(?P<after2>~?)'
    r'|\{(?P<raw>[^{}]*)\}(?P<after3>~?)'
    r'|(?P<inside>[^{}]*?)(?P<after4>~?)'
    r')\}\}',
    re.DOTALL,
)
_WORD: Final = re.compile(r"""\s*(?:([\w.\-/@]+)=)?(?:"([^"]*)"|'([^']*)'|([^\s"'=]+))""")
_ESCAPES: Final = str.maketrans({
    '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#x27;', '`': '&#x60;',
    '=': '&#x3D;',
})  # fmt: skip


def render(text: str, values: Values) -> str:
    """Raises StepFailed for what is no template."""
    if '{{{{' in text:
        raise StepFailed(f"'{{{{{{{{' in '{text}' is not supported")
    done, position, strip = '', 0, False
    for found in _MUSTACHE.finditer(text):
        literal = _literal(text[position : found.start()], text)
        done += literal.lstrip() if strip else literal
        if found['before']:
            done = done.rstrip()
        done += _value(found, values, text)
        position = found.end()
        strip = any(found[f'after{number}'] for number in range(1, 5))
    rest = _literal(text[position:], text)
    return done + (rest.lstrip() if strip else rest)


def is_raw(text: str) -> bool:
    """Whether it is `{{raw}}` and nothing else."""
    return re.fullmatch(r'\{\{~?\s*raw\s*~?\}\}|\{\{\{\s*raw\s*\}\}\}', text) is not None


def _literal(part: str, text: str) -> str:
    if '{{' in part or '}}' in part:
        raise StepFailed(f"An expression is opened and never closed in '{text}'")
    return part


def _value(found: re.Match[str], values: Values, text: str) -> str:
    if found['kept']:
        return found['kept'][1:]
    if found['raw'] is not None:
        return _evaluate(found['raw'], values, text)
    inside = found['inside']
    if inside is None:  # a comment
        return ''
    if inside.startswith('&'):
        return _evaluate(inside[1:], values, text)
    return _evaluate(inside, values, text).translate(_ESCAPES)


def _evaluate(expression: str, values: Values, text: str) -> str:
    if expression[:1] in ('#', '/', '^', '>', '*', ''):
        raise StepFailed(f"'{{{{{expression}}}}}' in '{text}' is not supported")
    name, arguments, options = _read(expression, values, text)
    value = values.get(name, '')
    if callable(value):
        return value(arguments, options)
    if arguments or options:
        raise StepFailed(f'Missing helper: "{name}" in \'{text}\'')
    return _show(value)


def _read(
    expression: str, values: Values, text: str
) -> tuple[str, Sequence[str], Mapping[str, str]]:
    name, arguments, options = '', [], {}
    position, expression = 0, expression.strip()
    while position < len(expression):
        word = _WORD.match(expression, position)
        if word is None:
            raise StepFailed(f"'{{{{{expression}}}}}' in '{text}' cannot be read")
        position = word.end()
        key, quoted = word[1], word[2] if word[2] is not None else word[3]
        value = quoted if quoted is not None else _plain(word[4], values)
        if key:
            options[key] = value
        elif name:
            arguments.append(value)
        else:
            name = word[4] or ''
    return name, arguments, options


def _plain(word: str, values: Values) -> str:
    """A number or a boolean stands for itself, a name for its value."""
    found = values.get(word, word if re.fullmatch(r'-?\d+(\.\d+)?|true|false', word) else '')
    return '' if callable(found) else _show(found)


def _show(value: str | int | Sequence[str | int]) -> str:
    return ','.join(map(str, value)) if isinstance(value, list | tuple) else str(value)
