"""Names that are the same in any case, on databases that go by different rules.

SQLite's NOCASE knows ASCII alone. PostgreSQL's collation is ICU's, to which much is the same that a
person sees as another name: `prod` with an invisible character in it, or in full width. Nothing
may be had under such a name that belongs to the other.
"""

from liftlock.errors import UserError


def refuse_other(asked: str, found: str, what: str) -> None:
    """UserError if what the database found is not what was asked for."""
    if asked.lower() != found.lower():
        raise UserError(
            f'the {what} "{asked}" can hardly be told from "{found}", which there is',
            'give it another name',
        )
