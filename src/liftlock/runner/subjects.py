"""What a job says that it has made: files and images, each with its digest.

Steps write one a line into the file of GITHUB_ARTIFACTS, and find all of the job so far as JSON
in that of GITHUB_ARTIFACTS_LIST:

    dist/app.whl                              a file of the workspace; its digest is taken here
    file://dist/app.whl                       the same
    ghcr.io/owner/app@sha256:<hex>            an image, wherever it lies
    oci://ghcr.io/owner/app:1@sha512:<hex>    the same

Rules: GitHub's runner (CreateArtifactsFileCommand), where a flag of the server turns it on.
"""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH117, PTH118, PTH119

import hashlib
import json
import os
import re
from collections.abc import Iterable
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.executors.files import Files, is_directory, is_file
from liftlock.runner.filecommands import BadFileCommand

MOST: Final = 500  # of one job
LARGEST: Final = 1 << 20  # bytes that one step may write

_HEX: Final = {'sha256': 64, 'sha384': 96, 'sha512': 128}
_IMAGE: Final = re.compile(r'(?P<name>.+)@(?P<algorithm>sha(?:256|384|512)):(?P<hex>[0-9a-fA-F]+)')
_SCHEME: Final = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*://')


class Subject(NamedTuple):
    """`digest` is `sha256:…`; `kind` is file or oci."""

    name: str
    digest: str
    kind: str


class _BadLine(Exception):
    """The message says why."""


def declare(text: str, workspace: str, known: dict[str, Subject], files: Files) -> str:
    """Add what a step wrote; a sentence about it, '' if that is nothing. Raises BadFileCommand."""
    size = len(text.encode())
    if size > LARGEST:
        raise BadFileCommand(
            f'$GITHUB_ARTIFACTS file exceeds the maximum size of {LARGEST >> 10} KiB '
            f'(got {size >> 10} KiB).'
        )
    before, number = len(known), 0
    try:
        found = []
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip() and not line.strip().startswith('#'):
                found.append((number, _read(line.strip(), workspace, files)))
        for number, subject in found:  # noqa: B007 - it is in the message
            _add(subject, known)
    except _BadLine as error:
        raise BadFileCommand(f'Invalid $GITHUB_ARTIFACTS entry on line {number}: {error}') from None
    added = len(known) - before
    if not added:
        return ''
    return f'Captured {added} artifact subject(s) from this step (job total: {len(known)}).'


def listed(subjects: Iterable[Subject]) -> str:
    """The JSON that steps are shown."""
    shown = [subject._asdict() for subject in sorted(subjects)]
    return json.dumps({'version': 1, 'subjects': shown}, separators=(',', ':'), ensure_ascii=False)


def _add(subject: Subject, known: dict[str, Subject]) -> None:
    """The same again is no mistake; another digest under a name that is taken is one."""
    same = known.get(subject.name)
    if same is not None and same.digest != subject.digest:
        raise _BadLine(
            f"Conflicting digest for artifact '{subject.name}': previously declared as "
            f"'{same.digest}', now declared as '{subject.digest}'."
        )
    if same is None and len(known) >= MOST:
        raise _BadLine(f'The job has exceeded the maximum of {MOST} declared artifacts.')
    known.setdefault(subject.name, subject)


def _read(line: str, workspace: str, files: Files) -> Subject:
    if '=' in line:
        raise _BadLine("entries containing '=' are reserved and not permitted")
    scheme = _SCHEME.match(line)
    rest = line[scheme.end() :] if scheme else line
    match scheme[0].lower() if scheme else '':
        case 'file://':
            if not rest.strip():
                raise _BadLine('file:// entries must include a path')
            return _file(rest, workspace, files)
        case 'oci://':
            image = _IMAGE.fullmatch(rest)
            if image is None:
                raise _BadLine('oci:// entries must include an @sha{256,384,512}:<hex> digest')
            return _image(image)
        case '':
            image = _IMAGE.fullmatch(line)
            if image and len(image['hex']) == _HEX[image['algorithm']]:
                return _image(image)
            return _file(line, workspace, files)
    raise _BadLine('unsupported URI scheme')


def _image(found: re.Match[str]) -> Subject:
    algorithm, digits = found['algorithm'], found['hex'].lower()
    if len(digits) != _HEX[algorithm]:
        raise _BadLine(
            f"digest '{algorithm}' must be {_HEX[algorithm]} hex characters, got {len(digits)}"
        )
    return Subject(found['name'], f'{algorithm}:{digits}', 'oci')


def _file(written: str, workspace: str, files: Files) -> Subject:
    path = os.path.normpath(os.path.join(workspace, written))
    if is_directory(files, path):
        raise _BadLine(f"'{written}' is a directory, not a regular file")
    if not is_file(files, path):
        where = '' if os.path.isabs(written) else f" (it is looked for in '{workspace}')"
        raise _BadLine(f"file '{written}' does not exist{where}")
    with os.fdopen(files.open(path), 'rb') as file:
        digest = hashlib.file_digest(file, 'sha256').hexdigest()
    return Subject(os.path.basename(path), f'sha256:{digest}', 'file')
