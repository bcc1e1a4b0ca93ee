"""File patterns as GitHub's own actions understand them (npm's @actions/glob).

One pattern a line; `#` begins a comment, `!` takes away what earlier lines matched. `*`, `?`,
`[…]` and `**` are special; braces are not. A pattern stands for what lies below a match, too.
Files come depth first, names in the order of their bytes; links are followed, broken ones left
out, and a link to a directory that leads back to itself isn't entered.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from liftlock.runner.workbench import StepFailed

_GLOBSTAR = '**'
_SPECIAL = re.compile(r'[*?]|\[[^/]+\]')


class Pattern(NamedTuple):
    """`segments` are regular expressions, or `**`. `only_directories`: it ended with a slash."""

    negated: bool
    root: Path  # the longest part without anything special: where to look
    segments: tuple[str, ...]
    only_directories: bool = False


class Found(NamedTuple):
    """`roots` are where was looked: none lies below another."""

    roots: tuple[Path, ...]
    paths: tuple[Path, ...]  # directories included

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(path for path in self.paths if not path.is_dir())


class Options(NamedTuple):
    """`descend`: a match stands for all that lies below it. `follow`: links to directories are
    entered, and broken links left out; else a link is what it is."""

    descend: bool = True
    hidden: bool = True
    follow: bool = True


EVERYTHING: Final = Options()


def find(
    text: str, directory: Path, env: Mapping[str, str], options: Options = EVERYTHING
) -> Found:
    """Everything that the patterns match. `env` gives the home that `~` stands for."""
    patterns = parse(text, directory, Path(env.get('HOME') or '~').expanduser())
    if options.descend:
        patterns = tuple(_with_descendants(patterns))
    roots = _roots(patterns)
    paths = (path for root in roots for path in _walk(root, patterns, options, ()))
    return Found(roots, tuple(paths))


def parse(text: str, directory: Path, home: Path) -> tuple[Pattern, ...]:
    lines = (line.strip() for line in text.splitlines())
    return tuple(_parse(line, directory, home) for line in lines if line and line[0] != '#')


def _parse(line: str, directory: Path, home: Path) -> Pattern:
    bare = line.lstrip('!')
    negated = (len(line) - len(bare)) % 2 == 1
    text = bare.strip()
    if text == '~' or text.startswith('~/'):
        text = _escape(str(home)) + text[1:]
    elif not text.startswith('/'):
        text = f'{_escape(str(directory))}/{text.removeprefix("./") if text != "." else ""}'
    segments = [segment for segment in text.split('/') if segment]
    literals = [_literal(segment) for segment in segments]
    if any(literal in ('.', '..') for literal in literals):
        raise StepFailed(f"Invalid pattern '{line}'. Relative pathing '.' and '..' is not allowed.")
    known = next(
        (index for index, literal in enumerate(literals) if literal is None), len(literals)
    )
    root = Path('/', *(literal for literal in literals[:known] if literal is not None))
    return Pattern(
        negated,
        root,
        tuple(_GLOBSTAR if segment == _GLOBSTAR else translate(segment) for segment in segments),
        text.endswith('/') and text != '/',
    )


def _with_descendants(patterns: Sequence[Pattern]) -> Iterator[Pattern]:
    for pattern in patterns:
        yield pattern
        if pattern.only_directories or pattern.segments[-1:] != (_GLOBSTAR,):
            below = (*pattern.segments, _GLOBSTAR)
            yield pattern._replace(segments=below, only_directories=False)


def _roots(patterns: Sequence[Pattern]) -> tuple[Path, ...]:
    wanted = dict.fromkeys(pattern.root for pattern in patterns if not pattern.negated)
    return tuple(root for root in wanted if not any(parent in wanted for parent in root.parents))


def _walk(
    path: Path, patterns: Sequence[Pattern], options: Options, chain: tuple[str, ...]
) -> Iterator[Path]:
    parts = path.parts[1:]
    as_file, as_directory = _match(parts, patterns)
    partial = any(
        not pattern.negated and _fits(parts, pattern.segments, partial=True) for pattern in patterns
    )
    if not (as_file or as_directory or partial) or not _is_there(path, options):
        return
    if not options.hidden and path.name.startswith('.'):
        return
    if not path.is_dir() or (path.is_symlink() and not options.follow):
        if as_file:
            yield path
        return
    real = os.path.realpath(path)
    if real in chain:
        return
    if as_directory:
        yield path
    for child in sorted(path.iterdir(), key=os.fsencode):
        yield from _walk(child, patterns, options, (*chain, real))


def _is_there(path: Path, options: Options) -> bool:
    return path.exists() or (path.is_symlink() and not options.follow)


def _match(parts: tuple[str, ...], patterns: Sequence[Pattern]) -> tuple[bool, bool]:
    """Whether this path is wanted if it is a file, and if it is a directory."""
    as_file = as_directory = False
    for pattern in patterns:
        if _fits(parts, pattern.segments):
            as_directory = not pattern.negated
            if not pattern.only_directories:
                as_file = not pattern.negated
    return as_file, as_directory


def _fits(parts: tuple[str, ...], segments: tuple[str, ...], *, partial: bool = False) -> bool:
    """Segment by segment. `partial`: something below the path may still match."""
    if not segments:
        return not parts
    if segments[0] == _GLOBSTAR:
        if partial or len(segments) == 1:
            return True
        return any(_fits(parts[skip:], segments[1:]) for skip in range(len(parts) + 1))
    if not parts:
        return partial
    return _compiled(segments[0]).fullmatch(parts[0]) is not None and _fits(
        parts[1:], segments[1:], partial=partial
    )


@lru_cache(maxsize=512)
def _compiled(expression: str) -> re.Pattern[str]:
    return re.compile(expression, re.DOTALL)


def _escape(text: str) -> str:
    """A real path, made safe: special characters become sets of one."""
    return re.sub(r'([*?\[])', r'[\1]', text.replace('\\', '\\\\'))


def _literal(segment: str) -> str | None:
    """What the segment says if nothing in it is special; a set of one is that character."""
    plain = re.sub(r'\[([^\]\\/])\]', r'\\\1', segment)
    unescaped = re.sub(r'\\(.)', '', plain)
    if _SPECIAL.search(unescaped):
        return None
    return re.sub(r'\\(.)', r'\1', plain)


def translate(segment: str) -> str:
    """One segment of a pattern as a regular expression, to be matched as a whole."""
    expression = ''
    position = 0
    while position < len(segment):
        text, position = _translate_one(segment, position)
        expression += text
    return f'(?=.){expression}'


def _translate_one(segment: str, position: int) -> tuple[str, int]:
    character = segment[position]
    if character == '*':
        return '[^/]*', position + 1
    if character == '?':
        return '[^/]', position + 1
    if character == '\\' and position + 1 < len(segment):
        return re.escape(segment[position + 1]), position + 2
    if character == '[':
        found = re.match(r'\[([!^]?)(\]?(?:\\.|[^\]\\])*)\]', segment[position:], re.DOTALL)
        if found and found[2]:
            members = found[2].replace('[', '\\[').replace('^', '\\^').replace('&&', '&\\&')
            members = f'\\{members}' if members.startswith(']') else members
            return f'[{"^" if found[1] else ""}{members}]', position + len(found[0])
    return re.escape(character), position + 1
