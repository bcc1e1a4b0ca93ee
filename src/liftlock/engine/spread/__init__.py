"""Work spread over machines.

A run is *carried out* by one process, under its claim, as on one machine. Its jobs are *tasks* in
the database, which workers take. A worker tells what happens in *reports*, which whoever carries
the run out makes facts of: so a worker never waits for that process, and goes on when it dies.

    ready ──▶ waiting ──▶ assigned ──▶ running ──▶ over
                 ▲            │            │
                 └────────────┴─ worker ───┴─▶ JobLost: a new attempt, or a failure
                                  is dead

Rule 1: a task is one attempt at a job, and its id the token under which a worker acts. A worker
    that has lost the task is refused, whatever it still tells.
Rule 2: a worker that cannot say that it lives ends all it runs before others give it up.
Rule 3: what follows from a fact is written with it: the task with `JobQueued`, the next assignment
    with the report that made room for it.
Rule 4: no clock of another machine is ever read. Silence is measured by who listens.
"""
