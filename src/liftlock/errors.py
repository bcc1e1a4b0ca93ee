"""The mistakes this program can name, and its exit codes. What it cannot name is a bug."""

import errno
from typing import Final

FAILED: Final = 1
USAGE: Final = 2
UNDECIDED: Final = 3
BUG: Final = 70
INTERRUPTED: Final = 130
# What a machine refuses to whoever does all right.
_REFUSED: Final = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE)
)


class UserError(Exception):
    """The person at the keyboard can put this right: show the message, hide the traceback.

    The message says what is wrong and where; `hint` says what to try.
    """

    exit_code = USAGE

    def __init__(self, message: str, hint: str = '') -> None:
        super().__init__(message)
        self.hint = hint


def is_trouble(error: BaseException) -> bool:
    """Whether a person can put it right, or time: then it is told in a line, and tried again."""
    return isinstance(error, UserError) or (isinstance(error, OSError) and error.errno in _REFUSED)
