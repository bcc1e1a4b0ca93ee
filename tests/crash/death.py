"""Where a supervisor can die, without a word of it in the product.

A module that Python imports at its start, in the supervisor's process only, counts what can be
seen from outside, and kills the process where a plan says so:

write N before|after   a controller appends facts for the Nth time; the transaction
rename N               a file is about to get its name: records, routes, releases
popen N                a program is about to be started

So each transition has a point before it, a point after it, and points among its effects.
"""

from typing import Final

DEATH: Final = """
import os, signal, sys

PLAN, TRACE = os.environ.get('DEATHS'), os.environ.get('TRACE')
if PLAN and 'supervise' in sys.orig_argv:
    counts, busy = {}, []

    def load():
        with open(PLAN) as file:
            lines = file.read().splitlines()
        draft = PLAN + '.draft'
        with open(draft, 'w') as file:
            file.write('\\n'.join(lines[1:]))
        os.replace(draft, PLAN)
        return lines[0].split() if lines else []

    plan = load()

    def at(kind, when='before', told=''):
        if when == 'before':
            counts[kind] = counts.get(kind, 0) + 1
        here = [kind, str(counts[kind])] + ([when] if kind == 'write' else [])
        dies = here == plan
        with open(TRACE, 'a') as file:
            file.write(f'{os.getpid()} {" ".join(here)} {told} {"DIES" if dies else ""}\\n')
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)

    from liftlock.store import deliveries

    append = deliveries.append

    def appended(store, environment, facts, token=0, after=None):
        if not token:
            return append(store, environment, facts, token, after)
        told = '+'.join(type(fact).__name__ for fact in facts)
        at('write', 'before', told)
        found = append(store, environment, facts, token, after)
        at('write', 'after', told)
        return found

    deliveries.append = appended
    KINDS = {'os.rename': 'rename', 'subprocess.Popen': 'popen', 'os.posix_spawn': 'popen'}

    def heard(event, given):
        kind = KINDS.get(event)
        if kind and not busy:
            busy.append(1)
            try:
                at(kind, 'before', os.path.basename(str(given[0])))
            finally:
                busy.clear()

    sys.addaudithook(heard)
"""
