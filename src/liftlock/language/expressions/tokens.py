"""The words of an expression, by one regular expression.

A word runs up to a boundary: white space or one of `( ) [ ] , . ! < > = & |`. A dotted path is
taken as one word, and a function's name together with its parenthesis.
"""

import re
from typing import Final

CALL, PATH, TEXT, BINARY, NUMBER, MARK, BROKEN = range(1, 8)

_BOUNDARY: Final = r'()\[\],!<>=&|\s'
_NAME: Final = rf'[A-Za-z_][A-Za-z0-9_-]*+(?![^.{_BOUNDARY}])'

# Matches anywhere but at the end, past white space; the group that matched tells the kind.
TOKEN: Final = re.compile(
    rf'\s*(?:'
    rf'({_NAME})\s*\('
    rf'|({_NAME}(?:\.{_NAME})*)'
    rf"|('[^']*(?:''[^']*)*'(?!'))"
    rf'|(&&|\|\||[!=<>]=|[<>])'
    rf'|([-+0-9][^{_BOUNDARY}]*)'
    rf'|([!.\[\](),*])'
    rf"|('.*|\S[^.{_BOUNDARY}]*))",
    re.DOTALL,
)
FRACTION: Final = rf'\.[^{_BOUNDARY}]*'  # needed too seldom to be compiled at import
