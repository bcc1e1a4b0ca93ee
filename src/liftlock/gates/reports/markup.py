"""XML from strangers, element by element.

A document type may be named, as Cobertura's writers do, and is never fetched; entities may not be
declared, so nothing grows.
"""

from collections.abc import Callable, Mapping
from typing import Final

from liftlock.gates.reports.records import Unreadable

DEEPEST: Final = 64

Begin = Callable[[str, Mapping[str, str]], None]
Say = Callable[[str, str], None]


def walk(content: bytes, begin: Begin, say: Say | None = None) -> None:
    """Call `begin` with each element's name and attributes, `say` with an element's name and a
    piece of its text. Unreadable."""
    from xml.parsers import expat

    path: list[str] = []

    def started(tag: str, given: Mapping[str, str]) -> None:
        path.append(tag.rpartition(':')[2])
        if len(path) > DEEPEST:
            raise Unreadable('its elements stand too deep within one another')
        begin(path[-1], given)

    def said(text: str) -> None:
        if say is not None and path:
            say(path[-1], text)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.EntityDeclHandler = _refuse
    parser.StartElementHandler = started
    parser.EndElementHandler = lambda _: path.pop()
    parser.CharacterDataHandler = said
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise Unreadable(f'it is no well-formed XML: {error}') from None
    except (LookupError, UnicodeError) as error:  # an encoding that nobody knows
        raise Unreadable(str(error)) from None


def _refuse(*_: object) -> None:
    raise Unreadable('it declares entities, which no report needs')
