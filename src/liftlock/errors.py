"""The mistakes this program can name, and its exit codes. What it cannot name is a bug."""

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

    def __init__(self, message: str, hint: str = '') -> None:
        super().__init__(message)
        self.hint = hint
