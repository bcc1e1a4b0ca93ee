"""Asks the server as the hook will: what a pusher would run into, the owner is told beforehand."""

from collections.abc import Iterator
from typing import Final

from liftlock.cli.hooks.sender.letters import Settings
from liftlock.cli.hooks.sender.talking import Server, Unsent

QUESTION: Final = 'asked when the hook was installed'  # no delivery is called so
KNOWN: Final = 'there is no such delivery'  # says who knows the repository, and its secret
STRANGE: Final = ('nobody waits for this here', 'its signature is wrong')


def warnings(settings: Settings) -> Iterator[str]:
    """Lines; none if the server takes what the hook will tell it."""
    why, hint = _doubt(settings)
    if not why:
        return
    yield why
    yield f'  {hint}'
    if settings.gate:
        yield f'  Until that is put right, every push to {", ".join(settings.gate)} is refused.'


def _doubt(settings: Settings) -> tuple[str, str]:
    named = 'start it, or name another by --server URL'
    try:
        Server(settings).progress(QUESTION)
    except Unsent as unsent:
        told = str(unsent)
        if KNOWN in told:
            return '', ''
        if any(one in told for one in STRANGE):
            strange = f'{settings.server} knows no {settings.name} with this number and secret'
            return strange, 'has it another store? Register it there by --token-file FILE'
        return told, named
    except ValueError:
        pass
    return f'{settings.server} does not answer as Liftlock does', named
