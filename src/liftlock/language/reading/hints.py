"""What to try: the nearest word that would have been right."""

from collections.abc import Iterable
from typing import Final

from liftlock.language import nearest as words
from liftlock.language.grammar.shapes import Shape
from liftlock.language.nearest import suggestion

FEW: Final = 8
MANY: Final = 300  # so many words are not searched for the nearest, for each of many mistakes


def nearest(word: str, allowed: Iterable[str]) -> str:
    """`did you mean "runs-on"?`, or the allowed words where they are few, or nothing."""
    known = sorted(allowed)
    if len(known) > MANY:
        return ''
    few = f'allowed here: {", ".join(known)}' if 0 < len(known) <= FEW else ''
    return suggestion(word, known, few)


def meant(word: str, allowed: Iterable[str]) -> str:
    """The word that `nearest` would suggest; '' if it would suggest none."""
    known = sorted(allowed)
    return words.nearest(word, known) if len(known) <= MANY else ''


def wanted(shape: Shape) -> str:
    """What may stand in a place where something of another kind was found."""
    kinds = (
        ('a text', shape.text),
        ('true or false', shape.boolean),
        ('a number', shape.number),
        ('a list', shape.items),
        ('a mapping', shape.record or shape.entries),
        ('nothing', shape.null),
    )
    there = [kind for kind, allowed in kinds if allowed]
    return f'write {" or ".join(there)} here' if there else ''


def quoted(value: object) -> str:
    """For a scalar that is not of the kind that is wanted."""
    if isinstance(value, str) and value.lower() in ('true', 'false', 'yes', 'no', 'on', 'off'):
        word = 'true' if value.lower() in ('true', 'yes', 'on') else 'false'
        return f'write {word}, without quotes'
    if isinstance(value, str) and value.replace('.', '', 1).isdigit():
        return f'write {value}, without quotes'
    return ''
