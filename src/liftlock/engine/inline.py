"""The driver of one machine: asyncio and SQLite, in the process of the command that submitted.

    engine = Inline(store, hands)
    run = engine.submit(submission)                            # written, nothing started
    conclusion = await engine.carry_out(run, terms, watch, stop)  # until RunFinished

`carry_out` on a run that another process left behind takes it up where its facts end.
"""

from liftlock.engine.submission import Hands, Submission, Terms, Watch
from liftlock.runner.ports import Stop
from liftlock.store.database import Store


class Inline:
    def __init__(self, store: Store, hands: Hands, *, slots: int = 0) -> None:
        """`slots`: jobs at a time; 0 = as many as there are cores."""
        raise NotImplementedError

    def submit(self, submission: Submission) -> int:
        """Write the run down, with an id and a number, owned by this process; start nothing."""
        raise NotImplementedError

    def submission(self, run: int) -> Submission:
        """What the run was made from, with its ids."""
        raise NotImplementedError

    async def carry_out(self, run: int, terms: Terms, watch: Watch, stop: Stop) -> str:
        """Go on until the run has finished; return its conclusion.

        UserError if another living process carries the run out, or if secrets are missing.
        """
        raise NotImplementedError

    def cancel(self, run: int, reason: str, *, force: bool = False) -> None:
        """Ask whoever carries the run out to stop it; end it here if nobody does."""
        raise NotImplementedError

    def rerun(
        self, run: int, *, failed: bool = False, jobs: tuple[str, ...] = (), from_step: str = ''
    ) -> None:
        """Write down that jobs start again, as another attempt; `carry_out` then does it.

        All jobs, unless `failed` or `jobs` choose; jobs that need a chosen one come along.
        """
        raise NotImplementedError
