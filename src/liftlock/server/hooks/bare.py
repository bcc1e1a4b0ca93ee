"""What the hook of a bare repository asks besides: how its pushes go on, and (for a gate) that new
objects are taken before any ref has them. Signed by the same secret as its deliveries.

    POST /hooks/{id}/progress   {"delivery": …}  ->  {"state", "said", "failed", "url", "runs"}
    POST /hooks/{id}/objects    a pack of git's
"""

import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from liftlock.errors import UserError
from liftlock.language.printable import harmless
from liftlock.plan import facts
from liftlock.runner import git
from liftlock.server import site
from liftlock.server.hooks import signatures
from liftlock.server.site import Site
from liftlock.store import hooks, intakes, repositories, runs
from liftlock.store.hooks import Hook
from liftlock.store.intakes import Decision
from liftlock.store.repositories import Repository

LARGEST: Final = 512 * 1024 * 1024  # bytes of a pack
LARGEST_QUESTION: Final = 4096
WINDOW: Final = 300.0  # seconds that a question is good for
ERRORS: Final = 5  # lines of each job that failed
SLOW: Final = 300.0  # seconds for taking objects in


async def progress(request: Request) -> Response:
    here, repository, body = await _proved(request, LARGEST_QUESTION)
    if repository is None:
        return _refused(body)
    asked = _question(body.read())
    if asked is None:
        return JSONResponse({'error': 'it asks for no delivery, or too late'}, 422)
    hook = hooks.delivered(here.store, repository.id, asked)
    if hook is None:
        return JSONResponse({'error': 'there is no such delivery'}, 404)
    return JSONResponse(_told(here, repository, hook, _base(request)))


async def objects(request: Request) -> Response:
    here, repository, body = await _proved(request, LARGEST)
    if repository is None:
        return _refused(body)
    try:
        await here.intake.head(repository, fetch=True)
        problem = await _take_in(here.intake.mirror(repository).directory, body)
    except UserError as error:
        return JSONResponse({'error': str(error)}, 503)
    return JSONResponse({'error': problem}, 422) if problem else JSONResponse({'said': 'taken'})


async def _take_in(mirror: Path, pack: IO[bytes]) -> str:
    """Put the objects of a pack into the mirror, where no ref leads to them; or what git says."""
    process = await asyncio.create_subprocess_exec(
        'git', 'index-pack', '--stdin', '--fix-thin', '--strict', f'--max-input-size={LARGEST}',
        cwd=mirror,
        env=git.environment(git.NEUTRAL),
        stdin=pack,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(SLOW):
            _, said = await process.communicate()
    except TimeoutError:
        return f'git was not done with it within {SLOW:.0f} s'
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return said.decode('utf-8', 'replace').strip()[-500:] if process.returncode else ''


# --- who asks


async def _proved(request: Request, largest: int) -> tuple[Site, Repository | None, IO[bytes]]:
    """The body as a file, or (with no repository) why it is not taken."""
    here = site.of(request)
    try:
        repository = repositories.of(here.store, request.path_params['repository'])
    except UserError:
        return here, None, _file(b'nobody waits for this here')
    secret = repositories.secret(here.store, repository.id, here.ground.bench.key_file)
    if not repository.active or repository.forge or not secret:
        return here, None, _file(b'nobody waits for this here')
    signed, body = signatures.Signing(secret), _file()
    async for chunk in _chunks(request):
        signed.update(chunk)
        body.write(chunk)
        if body.tell() > largest:
            return here, None, _file(b'it is too large')
    if not signed.proves(request.headers.get('x-hub-signature-256', '')):
        return here, None, _file(b'its signature is wrong')
    body.flush()
    body.seek(0)
    return here, repository, body


def _file(content: bytes = b'') -> IO[bytes]:
    found: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - it goes when nobody has it
    found.write(content)
    if content:
        found.seek(0)
    return found


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    try:
        async for chunk in request.stream():
            yield chunk
    except ClientDisconnect:
        return  # and the signature will be wrong


def _refused(why: IO[bytes]) -> Response:
    said = why.read().decode()
    status = {'it is too large': 413, 'its signature is wrong': 401}.get(said, 404)
    return JSONResponse({'error': said}, status)


def _question(body: bytes) -> str | None:
    """The delivery; None for what is no question, or an old one."""
    try:
        asked = json.loads(body)
        fresh = abs(time.time() - float(asked['at'])) < WINDOW
        return str(asked['delivery']) if fresh else None
    except (ValueError, KeyError, TypeError):
        return None


# --- what is told


def _reasons(decisions: Sequence[Decision]) -> Iterator[str]:
    """Why those do not start that start on such events."""
    for one in decisions:
        if all(tried.passed for tried in one.filters if tried.filter == 'on'):
            yield one.reason


def _base(request: Request) -> str:
    return str(request.app.state.site.ground.url or request.base_url).rstrip('/')


def _told(here: Site, repository: Repository, hook: Hook, base: str) -> dict[str, Any]:
    taken = intakes.of_delivery(here.store, repository.id, f'hook:{hook.id}:')
    undecided = hook.status == 'waiting' or any(one.status == 'begun' for one in taken)
    decisions = [one for row in taken for one in intakes.decisions(here.store, row.id)]
    refused = [one for one in decisions if one.decision == 'refused']
    said = next((one.said for one in taken if one.said), hook.said)
    if refused:
        said = f'{refused[0].workflow} cannot start: {refused[0].reason}'
    elif len(reasons := set(_reasons(decisions))) == 1:
        said = reasons.pop() or said
    bad = hook.status == 'failed' or any(one.status in ('failed', 'rejected') for one in taken)
    return {
        'state': 'waiting' if undecided else 'decided',
        'said': said,
        'failed': bad or bool(refused),
        'url': f'{base}/runs',
        'runs': [_run(here, one.run, base) for one in decisions if one.run],
    }


def _run(here: Site, number: int, base: str) -> dict[str, Any]:
    row = runs.find(here.store, str(number))
    jobs = runs.jobs(here.store, number)
    failed = {job.key for job in jobs if job.conclusion == 'failure'}
    errors = _errors(here, number) if failed else {}
    return {
        'run': number,
        'workflow': row.name,
        'url': f'{base}/runs/{number}',
        'status': row.status,
        'conclusion': row.conclusion if row.status == 'completed' else '',
        'jobs': [
            {
                'key': job.key,
                'name': job.name,
                'state': job.state,
                'conclusion': job.conclusion if job.state == 'done' else '',
                'url': f'{base}/runs/{number}/jobs/{job.key}' if job.attempt else '',
                'errors': errors.get(job.key, []) if job.key in failed else [],
            }
            for job in jobs
        ],
    }


def _errors(here: Site, number: int) -> dict[str, list[str]]:
    """The first lines that steps have marked as errors, by job."""
    found: dict[str, list[str]] = {}
    for stamped in here.store.facts(number):
        match stamped.fact:
            case facts.Annotated(job, _, 'error', message, _, file, line):
                where = f'{file}:{line}: ' if file else ''
                found.setdefault(job, []).append(harmless(where + message.partition('\n')[0]))
            case _:
                pass
    return {job: lines[:ERRORS] for job, lines in found.items()}


ROUTES: Final = [
    Route('/hooks/{repository:int}/progress', progress, methods=['POST']),
    Route('/hooks/{repository:int}/objects', objects, methods=['POST']),
]
