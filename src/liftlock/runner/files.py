"""The files by which a stage's processes set outputs, variables, paths, state, a summary and more.

Empty for every stage; read when it has ended, also when it failed. Most stages write to none of
them, and creating files is the dearest thing that a short step does: so those that nobody has
touched are lent again.
"""

# Paths are texts here: pathlib costs more than the calls themselves.
# ruff: noqa: PTH105, PTH108

import os
import stat
from typing import Final

from liftlock.plan.facts import Summarized
from liftlock.runner.executors.files import read
from liftlock.runner.filecommands import BadFileCommand, parse_pairs, parse_paths
from liftlock.runner.state import Effects, Job, Record

# variable of the process, its name in `github`, beginning of the file's name
KINDS: Final = (
    ('GITHUB_ENV', 'env', 'set_env_'),
    ('GITHUB_OUTPUT', 'output', 'set_output_'),
    ('GITHUB_PATH', 'path', 'add_path_'),
    ('GITHUB_STATE', 'state', 'save_state_'),
    ('GITHUB_STEP_SUMMARY', 'step_summary', 'step_summary_'),
    ('GITHUB_ARTIFACTS', 'artifacts', 'artifacts_'),
)
_NO_NODE_OPTIONS: Final = "Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command."
_LIST: Final = 'artifacts_list'
_NOTHING_MADE: Final = b'{"version":1,"subjects":[]}'
LARGEST_SUMMARY: Final = 1 << 20
LARGEST: Final = 10 << 20  # bytes; GitHub keeps 1 MB of outputs a job


class Files:
    """Files that exist and are empty. A stage has them for itself, but for one that is only read.

    `paths` are by their names in the `github` context, as processes see them.
    """

    __slots__ = ('paths', 'variables', 'written')

    def __init__(self, job: Job) -> None:
        folder, token = job.directories.commands, job.next_token()
        self.written = {key: f'{folder}/{prefix}{token}' for _, key, prefix in KINDS}
        self.variables = {variable: self.written[key] for variable, key, _ in KINDS}
        for path in self.written.values():
            _write(path, b'', open_to_all=job.workplace.strangers)
        self.variables['GITHUB_ARTIFACTS_LIST'] = _list(job)
        inside = job.workplace.inside
        self.paths = {key: inside(path) for key, path in self.written.items()}
        self.paths[_LIST] = inside(_list(job))


def _list(job: Job) -> str:
    return f'{job.directories.commands}/{_LIST}_{job.token}'


def lend(job: Job) -> Files:
    """Files for one stage. Those that an earlier stage left untouched are as good as new."""
    if job.files:
        return job.files.pop()
    if not job.tokens:
        _write(_list(job), _NOTHING_MADE)
    return Files(job)


def _publish(job: Job, data: bytes) -> None:
    """Put the list in its place as a whole: steps beside this one may be reading it."""
    new = f'{_list(job)}.{job.next_token()}'
    _write(new, data)
    os.replace(new, _list(job))


def _write(path: str, data: bytes, *, open_to_all: bool = False) -> None:
    """Always a new file: a step may have guessed its name, and laid a link there."""
    opened = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o666)
    with os.fdopen(opened, 'wb', buffering=0) as file:
        if open_to_all:
            os.fchmod(opened, 0o666)  # behind a directory of ours
        file.write(data)


def take(files: Files, job: Job, record: Record, effects: Effects) -> None:
    """Read the files when their stage has ended; a mistake in one of them fails the stage."""
    untouched = True
    for key, path in files.written.items():
        size = _size(path)
        if not size:
            continue
        untouched = False
        try:
            if key == 'step_summary' and size > LARGEST:
                _refuse_summary(size, record)
            else:
                _use(key, _read(job, path, size), job, record, effects)
        except BadFileCommand as error:
            record.fail(f"Unable to process file command '{key}' successfully.")
            record.fail(str(error))
            effects.failed = True
    if untouched:
        job.files.append(files)


def _size(path: str) -> int:
    """0 if the file is still as it was made, -1 if the step made something else of it."""
    try:
        found = os.lstat(path)
    except OSError:
        return -1
    return found.st_size if stat.S_ISREG(found.st_mode) else -1


def _read(job: Job, path: str, size: int) -> str:
    """What was written. Raises BadFileCommand if it is too much."""
    if size > LARGEST:
        os.unlink(path)
        raise BadFileCommand(
            f'It holds {size >> 20} MB; up to {LARGEST >> 20} MB can be taken from a step. Use an '
            'artifact for what is larger'
        )
    try:
        data = read(job.workplace.files, path, LARGEST)
        os.unlink(path)
    except OSError:  # the step removed it, or made something else of it
        return ''
    return data.decode('utf-8-sig', 'replace')


def _use(key: str, text: str, job: Job, record: Record, effects: Effects) -> None:
    match key:
        case 'env':
            for name, value in parse_pairs(_without_nul(text)):
                if name.upper() == 'NODE_OPTIONS':
                    record.fail(_NO_NODE_OPTIONS)
                else:
                    effects.env[name] = value
        case 'output':
            effects.outputs.update(parse_pairs(text))
        case 'state':
            effects.state.update(parse_pairs(text))
        case 'path':
            effects.path += parse_paths(_without_nul(text))
        case 'step_summary':
            _summarize(text, job, record)
        case 'artifacts' if text:
            _declare(text, job, record)


def _declare(text: str, job: Job, record: Record) -> None:
    from liftlock.runner import subjects

    try:
        places, made = job.directories, job.subjects
        said = subjects.declare(text, places.workspace, made, job.workplace.files)
    finally:
        _publish(job, subjects.listed(job.subjects.values()).encode())
    if said:
        record.say(said)


def _without_nul(text: str) -> str:
    """No process could be started with it."""
    if '\0' in text:
        raise BadFileCommand('Invalid format. A variable cannot hold a NUL character')
    return text


def _refuse_summary(size: int, record: Record) -> None:
    record.fail(
        '$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of '
        f'{LARGEST_SUMMARY // 1024}k, got {-(-size // 1024)}k.'
    )


def _summarize(text: str, job: Job, record: Record) -> None:
    size = len(text.encode())
    if size > LARGEST_SUMMARY:
        _refuse_summary(size, record)
    elif text.strip():
        job.report(Summarized(job.key, record.number, job.hide(text)))
