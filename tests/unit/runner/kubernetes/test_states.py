"""Which of two sides has news of a file."""

import stat

import pytest

from liftlock.runner.kubernetes import states
from liftlock.runner.kubernetes.states import Here, There

FILE = stat.S_IFREG | 0o644
SECOND = 10**9


def test_a_listing_is_read_with_names_that_hold_blanks() -> None:
    text = b'1700000009\n81a4 12 1700000001 1700000002 /__w/a b\n41ed 0 1 2 /__w\n'
    assert states.read(text) == states.Listing(
        1700000009,
        {
            '/__w/a b': There(0o100644, 12, 1700000001, 1700000002),
            '/__w': There(0o40755, 0, 1, 2),
        },
    )
    assert states.read(b'sh: date: not found\n') is None


@pytest.mark.parametrize(
    ('there', 'here', 'news'),
    [
        (There(FILE, 3, 50, 60), Here(FILE, 3, 50 * SECOND + 7, 0), False),
        (There(FILE, 4, 50, 60), Here(FILE, 3, 50 * SECOND, 0), True),
        (There(FILE, 3, 51, 60), Here(FILE, 3, 50 * SECOND, 0), True),
        (There(FILE, 3, 50, 100), Here(FILE, 3, 50 * SECOND, 0), True),  # in that very second
        (There(FILE, 3, 50, 60), None, True),
        (There(stat.S_IFLNK | 0o777, 3, 50, 60), Here(FILE, 3, 50 * SECOND, 0), True),
        (There(stat.S_IFDIR | 0o755, 0, 9, 999), Here(stat.S_IFDIR | 0o755, 0, 0, 0), False),
    ],
)
def test_a_file_is_fetched_if_it_may_have_changed(
    there: There, here: Here | None, news: bool
) -> None:
    assert states.is_news(there, here, 100) is news


@pytest.mark.parametrize(
    ('path', 'setting'),
    [
        ('/__w/a/a/.git/config', True),
        ('/__w/a/a/.git/hooks/post-checkout', True),
        ('/__w/a/a/.git/modules/x/config', True),
        ('/__w/a/a/.git/objects/info/alternates', True),
        ('/__w/a/a/sub/.git', True),
        ('/__w/a/a/.git/HEAD', False),
        ('/__w/a/a/config', False),
    ],
)
def test_what_git_would_obey_stays_in_the_pod(path: str, setting: bool) -> None:
    assert states.is_setting(path) is setting
