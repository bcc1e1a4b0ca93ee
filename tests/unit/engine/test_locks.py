import pytest

from liftlock.engine.locks import Held, held
from liftlock.errors import UserError
from liftlock.language.locks import ACTIONS, IMAGES

CI, DIGEST = '.github/workflows/ci.yml', f'sha256:{"5" * 64}'
PINNED = f"""
version: v0.0.2
workflows: {{{CI}: [acme/build@v1]}}
dependencies: {{acme/build@v1: {{ref: v1, commit: sha1-{'1' * 40}}}}}
"""
IMAGED = (
    f"version: v0.0.1\nworkflows: {{{CI}: ['postgres:16']}}\nimages: {{'postgres:16': '{DIGEST}'}}"
)


def test_without_a_lock_anything_may_be_used() -> None:
    assert held({}, CI) == Held(None, None)


def test_each_lock_speaks_for_the_workflows_that_it_names() -> None:
    assert held({ACTIONS: PINNED}, CI) == Held({'acme/build@v1': '1' * 40}, None)
    assert held({IMAGES: IMAGED}, CI) == Held(None, {'postgres:16': DIGEST})
    assert held({ACTIONS: PINNED, IMAGES: IMAGED}, '.github/workflows/x.yml') == Held(None, None)


@pytest.mark.parametrize('path', [ACTIONS, IMAGES])
def test_a_broken_lock_is_no_lock(path: str) -> None:
    with pytest.raises(UserError, match=rf'{path}: it must hold a mapping'):
        held({path: 'nonsense'}, CI)
