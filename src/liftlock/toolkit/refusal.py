"""How a request is refused: one exception, told to each client in the form that it reads."""

import json
from typing import Final

# A word for programs -> HTTP's number. The words are Twirp's where it has one. No 5xx and no 429
# where asking again is of no use: clients do so five times, and wait in between.
STATUS: Final = {
    'malformed': 400,
    'invalid_argument': 400,
    'unauthenticated': 401,
    'permission_denied': 403,
    'not_found': 404,
    'bad_route': 404,
    'already_exists': 409,
    'length_required': 411,
    'too_large': 413,
    'not_satisfiable': 416,
    'internal': 500,
    'no_space': 507,
}


class Refused(Exception):
    """The message is for the person who reads the log of the action."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = STATUS[code]


def as_json(refused: Refused) -> bytes:
    """Twirp's clients read `msg`, older ones `message`."""
    said = str(refused)
    return json.dumps({'code': refused.code, 'msg': said, 'message': said}).encode()


def as_xml(refused: Refused) -> bytes:
    """As Azure's blob storage says it. Its client shows the message."""
    from xml.sax.saxutils import escape

    code = ''.join(word.title() for word in refused.code.split('_'))
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<Error><Code>{code}</Code><Message>{escape(str(refused))}</Message></Error>'
    ).encode()
