"""Inputs as the originals read them: booleans, lines, and lists of comma-separated values.

Sources: @actions/core's getBooleanInput and getMultilineInput; csv-parse with the options of
docker/actions-toolkit's Util.getInputList.
"""

from collections.abc import Iterator
from typing import Final

from liftlock.runner.workbench import StepFailed, Workbench

_TRUE: Final = ('true', 'True', 'TRUE')
_FALSE: Final = ('false', 'False', 'FALSE')


def read_boolean(bench: Workbench, name: str, default: bool = False) -> bool:
    """StepFailed for what is neither. '' is the default."""
    text = bench.inputs[name].strip()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if not text:
        return default
    raise StepFailed(
        f'Input does not meet YAML 1.2 "Core Schema" specification: {name}. '
        'Support boolean input list: `true | True | TRUE | false | False | FALSE`'
    )


def read_required(bench: Workbench, name: str) -> str:
    text = bench.inputs[name].strip()
    if not text:
        raise StepFailed(f'Input required and not supplied: {name}')
    return text


def read_lines(bench: Workbench, name: str) -> list[str]:
    return [line for line in map(str.strip, bench.inputs[name].splitlines()) if line]


def split_list(
    text: str, *, commas: bool = True, comment: str = '', infix: bool = True, quote: str = '"'
) -> list[str]:
    """One thing a line, and with `commas` also several on one. Quotes are taken off.

    `comment` is the character that begins one; without `infix` only at a line's beginning.
    """
    records = parse_records(text.strip(), comment=comment, infix=infix, quote=quote)
    items = (item for record in records for item in (record if commas else [','.join(record)]))
    return [item.strip() for item in items if item.strip()]


def parse_fields(text: str) -> list[str]:
    """The comma-separated fields of one line, in which a quote may only stand at a field's ends.
    StepFailed."""
    records = parse_records(text, strict=True)
    return records[0] if records else []


def parse_records(
    text: str,
    *,
    comment: str = '',
    infix: bool = True,
    quote: str = '"',
    strict: bool = False,
) -> list[list[str]]:
    """Lines of comma-separated fields; empty lines are left out."""
    reader = _Reader(text.replace('\r\n', '\n'), comment, infix, quote, strict)
    return [record for record in reader.records() if record != ['']]


class _Reader:
    def __init__(self, text: str, comment: str, infix: bool, quote: str, strict: bool) -> None:
        self._text = text
        self._strict = strict
        self._comment = comment
        self._infix = infix
        self._quote = quote
        self._at = 0

    def records(self) -> Iterator[list[str]]:
        while self._at < len(self._text):
            yield self._record()

    def _record(self) -> list[str]:
        fields = ['']
        while self._at < len(self._text):
            letter = self._text[self._at]
            self._at += 1
            if letter == '\n':
                break
            if letter == ',':
                fields.append('')
            elif letter == self._quote and not fields[-1]:
                fields[-1] = self._quoted()
            elif letter == self._quote and self._strict:
                raise StepFailed(f"A quote is found inside of a field: '{fields[-1]}{letter}…'")
            elif letter == self._comment and (self._infix or fields == ['']):
                end = self._text.find('\n', self._at)
                self._at = len(self._text) if end < 0 else end
            else:
                fields[-1] += letter
        return fields

    def _quoted(self) -> str:
        """Behind an opening quote: up to the closing one, a doubled quote being one. Where more
        than a separator follows, the quotes were part of the text."""
        inside, quote = '', self._quote
        while self._at < len(self._text):
            letter = self._text[self._at]
            self._at += 1
            if letter != quote:
                inside += letter
            elif self._text[self._at : self._at + 1] == quote:
                inside += quote
                self._at += 1
            elif self._text[self._at : self._at + 1] in ('', ',', '\n'):
                return inside
            else:
                return f'{quote}{inside}{quote}'
        raise StepFailed(f'A quote is opened and never closed: {quote}{inside}')
