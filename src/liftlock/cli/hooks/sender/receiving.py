"""The hooks themselves.

post-receive   tells the server of every branch and tag that was pushed
pre-receive    (--gate) hands the new objects over, asks for a `merge_group`, and refuses the
               push unless everything that starts on it ends green
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from .letters import Change, Letter, Settings, changes, merge_group, push, read_settings
from .showing import follow, green, over, say, verdict
from .spool import Spool, flush
from .talking import Server, Unsent

DECIDED = 6.0  # seconds in which the pusher is told what starts
LONG = 6 * 3600.0  # in which he waits for the end of it, if he wants to
SHOWN = 20  # refs of one push
LARGEST = 512 * 1024 * 1024  # bytes of new objects that a gate hands over


def options(env: dict[str, str]) -> list[str]:
    count = int(env.get('GIT_PUSH_OPTION_COUNT') or 0)
    return [env.get(f'GIT_PUSH_OPTION_{index}', '') for index in range(count)]


def pusher(env: dict[str, str]) -> str:
    """Whoever hosts the repository may have told who it is."""
    for name in ('LIFTLOCK_PUSHER', 'GL_USER', 'REMOTE_USER', 'USER', 'LOGNAME'):
        if env.get(name):
            return env[name]
    return 'git'


def post_receive(home: Path, lines: Sequence[str], env: dict[str, str]) -> int:
    """Never fails a push: what was pushed is there already."""
    asked = options(env)
    if 'ci.skip' in asked:
        say('Liftlock: skipped, as the push asked (ci.skip)')
        return 0
    settings, spool = read_settings(home), Spool(home)
    server = Server(settings)
    letters = [push(change, pusher(env), settings.name) for change in changes(lines)]
    files = {letter: spool.keep(letter) for letter in letters}
    if not files:
        return 0
    flush(home, server, until=files[letters[0]])
    sent = _send(spool, server, files)
    for letter in sent[-SHOWN:]:
        _report(server, letter, wait='ci.wait' in asked)
    return 0


def _send(spool: Spool, server: Server, files: dict[Letter, Path]) -> list[Letter]:
    sent = []
    for letter, file in files.items():
        try:
            spool.send(file, server)
            sent.append(letter)
        except Unsent as unsent:
            say(f'Liftlock: {unsent}')
            if not unsent.final:
                say('Liftlock: it is told with the next push, or by: liftlock hooks flush')
                break
    return sent


def _report(server: Server, letter: Letter, *, wait: bool) -> None:
    try:
        told = follow(server, letter.delivery, LONG if wait else DECIDED, wait=wait)
    except Unsent as unsent:
        say(f'Liftlock: {unsent}')
        return
    ref = json.loads(letter.body)['ref'].split('/', 2)[-1]
    if told['state'] != 'decided':
        say(f'Liftlock: {told["url"]}')
    elif told.get('failed'):
        say(f'Liftlock: {ref}: {told["said"]}')
    elif not told['runs']:
        said = f': {told["said"]}' if told['said'] else ''
        say(f'Liftlock: nothing starts for {ref}{said}')
    elif wait:
        say(f'Liftlock: {ref} {verdict(told)}')


def pre_receive(home: Path, lines: Sequence[str], env: dict[str, str]) -> int:
    """0 lets the push through. When in doubt it is refused."""
    settings = read_settings(home)
    waiting = [one for one in changes(lines) if gated(one, settings.gate)]
    for change in waiting:
        try:
            if not _passes(settings, change, env):
                return 1
        except Unsent as unsent:
            say(f'Liftlock: {change.short} is not taken: {unsent}')
            return 1
    return 0


def gated(change: Change, patterns: Sequence[str]) -> bool:
    named = any(fnmatchcase(change.branch, pattern) for pattern in patterns)
    return bool(change.branch) and named and not change.removed


def _passes(settings: Settings, change: Change, env: dict[str, str]) -> bool:
    server, letter = Server(settings), merge_group(change, pusher(env), settings.name)
    say(f'Liftlock: {change.short} waits until its merge group is green')
    server.hand_over(_pack(change.new))
    server.deliver(letter)
    told = follow(server, letter.delivery, settings.minutes * 60, wait=True)
    if told['state'] != 'decided' or not over(told):
        say(f'Liftlock: {change.short} is not taken: no verdict in {settings.minutes:g} minutes')
        return False
    if not green(told):
        why = told['said'] if told.get('failed') else verdict(told)
        say(f'Liftlock: {change.short} is not taken: {why}')
        return False
    if not told['runs']:
        say('Liftlock: no workflow starts on merge_group, so nothing is required')
    return True


def _pack(new: str) -> bytes:
    """The objects that no ref has yet. They lie in quarantine, and git in a hook sees them."""
    known = _git(b'', 'for-each-ref', '--format=^%(objectname)')
    wanted = f'{new}\n'.encode() + known
    found = _git(wanted, 'pack-objects', '--revs', '--stdout', '--quiet', '--delta-base-offset')
    if len(found) > LARGEST:
        raise Unsent(f'the new objects are larger than {LARGEST // 1024 // 1024} MB', final=True)
    return found


def _git(given: bytes, *words: str) -> bytes:
    asked = subprocess.run(('git', *words), input=given, stdout=subprocess.PIPE, check=True)
    return asked.stdout


HOOKS = {'post-receive': post_receive, 'pre-receive': pre_receive}


def main(home: Path, words: Sequence[str]) -> int:
    lines = [line.rstrip('\n') for line in sys.stdin]
    try:
        return HOOKS[words[0]](home, lines, dict(os.environ))
    except Exception as failure:  # no push fails because of a bug of ours, unless it is a gate
        say(f'Liftlock: {type(failure).__name__}: {failure}')
        return 1 if words[0] == 'pre-receive' else 0
