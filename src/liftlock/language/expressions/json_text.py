"""`toJSON`: two spaces a level, numbers and escapes as GitHub writes them."""

from json.encoder import encode_basestring

from liftlock.language.expressions.values import Value, to_text


def pieces(value: Value) -> list[str]:
    """The text in the pieces that GitHub's memory limit counts: one a value, key or bracket."""
    written: list[str] = []
    _write(value, '', '', written)
    return written


def _write(value: Value, prefix: str, indent: str, written: list[str]) -> None:
    if isinstance(value, dict) and value:
        _write_object(value, prefix, indent, written)
    elif isinstance(value, list) and value:
        _write_array(value, prefix, indent, written)
    else:
        written.append(prefix + _scalar(value))


def _write_object(value: dict[str, Value], prefix: str, indent: str, written: list[str]) -> None:
    written.append(prefix + '{')
    line = f'\n{indent}  '
    for name, item in value.items():
        written.append(line + quote(name))
        line = f',\n{indent}  '
        _write(item, ': ', indent + '  ', written)
    written.append(f'\n{indent}}}')


def _write_array(value: list[Value], prefix: str, indent: str, written: list[str]) -> None:
    written.append(prefix + '[')
    line = f'\n{indent}  '
    for item in value:
        _write(item, line, indent + '  ', written)
        line = f',\n{indent}  '
    written.append(f'\n{indent}]')


def _scalar(value: Value) -> str:
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, dict):
        return '{}'
    if isinstance(value, list):
        return '[]'
    return 'null' if value is None else to_text(value)


def quote(text: str) -> str:
    """A JSON string. Three line ends that are legal in JSON are escaped too, as on GitHub."""
    quoted = encode_basestring(text)
    if text.isascii():
        return quoted
    for sign in '\x85\u2028\u2029':
        quoted = quoted.replace(sign, f'\\u{ord(sign):04x}')
    return quoted
