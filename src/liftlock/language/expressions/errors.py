"""What can be wrong with an expression, in GitHub's words."""

from typing import Final

LEXING: Final = 'lexing'
PARSING: Final = 'parsing'
EVALUATION: Final = 'evaluation'


class ExpressionError(Exception):
    """An expression that cannot be read, or not be evaluated.

    `kind` is lexing, parsing or evaluation. `problem` is the bare finding, `message` GitHub's whole
    sentence with the place in it. `position` counts characters from 1 inside the expression; 0
    when the finding is about all of it. `length` is how many characters it is about.
    """

    def __init__(
        self,
        message: str,
        position: int = 0,
        *,
        kind: str = EVALUATION,
        problem: str = '',
        length: int = 0,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        self.kind = kind
        self.problem = problem or message
        self.length = length


class Oversize(Exception):
    """A text is so long that the memory of this evaluation has to be counted exactly."""
