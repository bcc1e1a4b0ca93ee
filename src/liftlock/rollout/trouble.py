"""What a place could not do, told so that a person can act on it."""


class Trouble(Exception):
    """`hint` says what to try. `again`: trying later may help by itself (a network, a lock)."""

    def __init__(self, message: str, hint: str = '', *, again: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.again = again
