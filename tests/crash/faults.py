"""Ways in which machines and databases fail; and protections taken out, to show that it was they
that helped.

A mutant is a piece of code that the processes of a company run before anything else
(`sitecustomize`): nothing in the product knows of it.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from postgres import Cluster

RETRY: Final = """
import asyncio
from liftlock.errors import UserError
from liftlock.server.crew import Crew
from liftlock.store import served
carry = Crew._carry
async def once(self, run, terms):
    await carry(self, run, terms)
    while True:
        try:
            return served.forget(self._ground.store, run)
        except UserError:
            await asyncio.sleep(0.1)
Crew._carry = once
"""
MUTANTS: Final = {
    '': '',
    # Nobody ends what a dead or frozen worker leaves running.
    'no warden': """
from liftlock.engine.spread import warden
warden.fork = lambda end_leftovers, fence: None
""",
    # Nobody notices that a worker is silent.
    'no watchman': """
from liftlock.engine.spread.watchman import Watchman
Watchman.look = lambda self: None
""",
    # A worker goes on although it cannot say that it lives.
    'no fence': """
from liftlock.engine.spread import warden
from liftlock.engine.spread.lease import Lease
warden.fork = lambda end_leftovers, fence: None
Lease._guard = lambda self: None
Lease.good = True
""",
    # A server that is silent counts as alive while its connection seems to stand.
    'no silence': """
from liftlock.store import leases
over = leases._over
leases._over = lambda name, beats, silence, free, since: free and over(
    name, beats, silence, free, since)
""",
    # And what it tells is believed, and its log not closed.
    'no token': """
from liftlock.engine.spread import warden
from liftlock.engine.spread.lease import Lease
from liftlock.store import logs, tasks
warden.fork = lambda end_leftovers, fence: None
Lease._guard = Lease._end = lambda self, *reason: None
Lease.good = True
logs.Sealing.seal = lambda self: None
def report(sql, task, worker, first, facts, over):
    row = sql.execute('SELECT run FROM tasks WHERE id = ?', (task,)).fetchone()
    run = row[0] if row else 1
    tasks.tell(sql, run, task, facts)
    return run
tasks.report = report
""",
    # The wall clock is believed.
    'wall clock': """
import time
from liftlock.engine.spread import yard
yard.now = lambda: time.time()
""",
    # A worker that is told to end does so.
    'no drain': """
from liftlock.engine.spread.worker import Worker
async def drain(self, grace):
    pass
Worker._drain = drain
""",
    # Who knows an older schema does not go on with a newer one.
    'no older ones': """
from liftlock.store.engines import postgres
bring_up = postgres._bring_up
postgres._bring_up = lambda engine, upgraded: bring_up(engine, False)
""",
    # A worker on whose disk nothing fits takes one job after the other.
    'no rest': """
from liftlock.engine.spread.worker import Worker
Worker._fail = lambda self, reason: None
""",
    # What the machine cannot do is taken for the job's own failure.
    'no blame': """
from liftlock.engine.spread.duty import Duty
from liftlock.plan.facts import JobFinished
def abort(self, error):
    self._failed(str(error))
    self._tell(JobFinished(self.task.job, 'failure', {}, str(error)))
Duty._abort = abort
""",
    # What a log has no room for is left out of it.
    'no log': """
from liftlock.errors import UserError
from liftlock.store.logs import LogWriter
flush = LogWriter.flush
def careless(self):
    try:
        flush(self)
    except UserError:
        self._chunks.clear()
LogWriter.flush = careless
""",
    # What goes wrong while one looks after others ends that.
    'no second look': """
from liftlock.engine.spread.station import Station
Station._try = lambda self, what: what()
""",
    # A slot of a schedule may be taken in again.
    'no names of slots': """
import os
from liftlock.engine.intake.intake import Intake
take = Intake.take
def forgetful(self, repository, event, delivery, **more):
    return take(self, repository, event, delivery + os.urandom(4).hex(), **more)
Intake.take = forgetful
""",
    # A wait timer counts from when a process looks at it first.
    'timer anew': """
from liftlock.gates import protection
for_time, seen = protection._for_time, {}
protection._for_time = lambda rules, frozen, asked, now: for_time(
    rules, frozen, asked._replace(at=seen.setdefault(asked.at, now)), now)
""",
    # Who takes a run over believes that it has waited.
    'no timer': """
from liftlock.gates import protection
for_time, seen = protection._for_time, {}
def believed(rules, frozen, asked, now):
    late = seen.setdefault(asked.at, now) > asked.at + 2.0
    return for_time(rules, frozen, asked._replace(at=0.0) if late else asked, now)
protection._for_time = believed
""",
    # What has begun starts again when it was lost.
    'no care': """
from liftlock.engine.carrying import Carrying
Carrying._again = lambda self, key: True
""",
    # What a lost attempt left running is not ended before the next one starts.
    'no broom': """
from liftlock.engine import leftovers
leftovers.end = lambda store, hands, run, past, jobs: None
""",
    # A server does not look for what the one before it had begun.
    'no next': """
from liftlock.server.crew import Crew
Crew._take_up = lambda self: None
""",
    # A run that could not be carried out is not tried again.
    'no retry': RETRY,
    # And everybody gives up when the database is away for a moment.
    'no patience': f"""
from liftlock.engine.spread.duty import Duty
from liftlock.store.engines import session
{RETRY}
session.PATIENCE = 0.0
send = Duty._send
def impatient(self, patient=False):
    send(self, patient=False)
    if self._unsent:
        self.let_go()
Duty._send = impatient
""",
    # What a run that was broken off had of the machine is not given back.
    'no places back': """
from liftlock.engine.attempts import Attempts
async def end(self):
    for attempt in self:
        await attempt.end()
Attempts.end = end
""",
}
# The clock of a process jumps by two days when a file appears, and back when it is gone.
CLOCK: Final = """
import os, time
wall = time.time
time.time = lambda: wall() + (2 * 86400 if os.path.exists(os.environ['JUMP']) else 0)
"""


@contextmanager
def frozen(*pids: int) -> Iterator[None]:
    """None of these does anything meanwhile."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def members(cluster: Cluster) -> list[int]:
    """All processes of a database server."""
    found = [cluster.pid]
    for status in Path('/proc').glob('[0-9]*/stat'):
        with suppress(OSError):
            fields = status.read_text().rpartition(')')[2].split()
            if int(fields[1]) == cluster.pid:
                found.append(int(status.parent.name))
    return found


def alive(mark: str) -> list[int]:
    """Processes of jobs: those in whose command or environment this stands."""
    found = []
    for place in Path('/proc').glob('[0-9]*'):
        with suppress(OSError):
            told = (place / 'environ').read_bytes()
            if b'RUNNER_TRACKING_ID' in told and mark.encode() in told:
                found.append(int(place.name))
    return found
