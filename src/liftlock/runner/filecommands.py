"""What a step writes into the files of GITHUB_ENV, GITHUB_OUTPUT, GITHUB_STATE and GITHUB_PATH.

    NAME=VALUE
    NAME<<DELIMITER
    any number of lines
    DELIMITER

Rules: GitHub's runner (FileCommandManager). On Linux a `\\r` is part of the line.
"""

from collections.abc import Iterator
from typing import Final

SHOWN: Final = 500  # characters of a line, in a message


class BadFileCommand(Exception):
    """The file cannot be read; the message is GitHub's."""


def parse_pairs(text: str) -> Iterator[tuple[str, str]]:
    """Names and values. Those before a mistake count. Raises BadFileCommand."""
    position = 0
    while position < len(text):
        line, position = _line(text, position)
        if not line:
            continue
        equals, heredoc = line.find('='), line.find('<<')
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, value = line[:equals], line[equals + 1 :]
        elif heredoc >= 0:
            name, delimiter = line[:heredoc], line[heredoc + 2 :]
            if not name or not delimiter:
                raise BadFileCommand(
                    f"Invalid format '{_short(line)}'. Name must not be empty and delimiter must "
                    'not be empty'
                )
            value, position = _until(delimiter, text, position)
        else:
            raise BadFileCommand(f"Invalid format '{_short(line)}'")
        if not name:
            raise BadFileCommand(f"Invalid format '{_short(line)}'. Name must not be empty")
        yield name, value


def _line(text: str, position: int) -> tuple[str, int]:
    end = text.find('\n', position)
    return (text[position:], len(text)) if end < 0 else (text[position:end], end + 1)


def _short(text: str) -> str:
    """What a message shows of it: it may be a megabyte of anything."""
    return text if len(text) <= SHOWN else f'{text[:SHOWN]}…'


def _until(delimiter: str, text: str, position: int) -> tuple[str, int]:
    """The lines before the delimiter without their last line break, and where it goes on."""
    start = position
    while position < len(text):
        line_start = position
        line, position = _line(text, position)
        if line == delimiter:
            return text[start : max(start, line_start - 1)], position
        if position == len(text) and not text.endswith('\n'):
            raise BadFileCommand('Invalid value. EOF marker missing new line.')
    raise BadFileCommand(f"Invalid value. Matching delimiter not found '{_short(delimiter)}'")


def parse_paths(text: str) -> list[str]:
    """Directories for the front of PATH, the last one foremost."""
    return list(_filled(text))


def _filled(text: str) -> Iterator[str]:
    for line in text.split('\n'):
        line = line.removesuffix('\r')
        if line:
            yield line
