"""The commits that lie between two, as a snapshot's store has them."""

from pathlib import Path

from liftlock.runner import git

MOST = 20


def between(store: str, old: str, new: str, most: int = MOST) -> tuple[tuple[str, ...], int]:
    """`abc1234 Subject (author)`, newest first, at most so many; and how many there are in all.

    Nothing where one of the two is not there any more, or `new` is older.
    """
    if not (store and old and new and Path(store).is_dir()):
        return (), 0
    span = f'{old}..{new}'
    shown = git.ask('log', f'-{most}', '--format=%h %s (%an)', span, '--', cwd=Path(store))
    if shown.code:
        return (), 0
    counted = git.ask('rev-list', '--count', span, '--', cwd=Path(store))
    return tuple(shown.text.splitlines()), int(counted.text or 0)


def times(store: str, old: str, new: str) -> tuple[float, ...]:
    """When the commits up to `new` that are not in `old` were made, merges apart; `old` may be ''
    for `new` alone. Nothing where it is not there any more."""
    if not (store and new and Path(store).is_dir()):
        return ()
    span = f'{old}..{new}' if old else f'-1 {new}'
    answer = git.ask('log', '--no-merges', '--format=%ct', *span.split(), '--', cwd=Path(store))
    return tuple(map(float, answer.text.split())) if answer.code == 0 else ()
