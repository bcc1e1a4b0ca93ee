"""The mistakes this program can name, each with its exit code. What it cannot name is a bug."""

from typing import Final

FAILED: Final = 1
USAGE: Final = 2
UNDECIDED: Final = 3
BUG: Final = 70
INTERRUPTED: Final = 130


class UserError(Exception):
    """The person at the keyboard can put this right: show the message, hide the traceback.

    The message says what is wrong and where; `hint` says what to try.
    """

    exit_code = USAGE

    def __init__(self, message: str, hint: str = '') -> None:
        super().__init__(message)
        self.hint = hint


class WorkFailed(UserError):
    """The work that was asked for was done, and it failed."""

    exit_code = FAILED


class CouldNotEvaluate(UserError):
    """Neither yes nor no can be said honestly."""

    exit_code = UNDECIDED
