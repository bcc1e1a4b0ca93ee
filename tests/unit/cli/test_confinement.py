import json

import pytest

from liftlock.cli import confinement
from liftlock.errors import UserError
from liftlock.language.settings.sandbox import Sandbox


def test_what_is_kept_with_a_run_is_what_was_read() -> None:
    text = 'sandbox: {network: true, read: [/srv, ~/x], memory: 1GB, jobs: {a: {env: HOME}}}'
    read = confinement.read({'liftlock.yml': text})
    assert read.jobs['a'].env == ('HOME',)
    assert confinement.load(json.loads(json.dumps(confinement.dump(read)))) == read


def test_nothing_is_declared_where_nothing_was_written() -> None:
    assert confinement.read({}) == Sandbox()
    assert confinement.read({'liftlock.yml': 'app: shop'}) == Sandbox()
    assert confinement.load(None) == Sandbox()


def test_a_file_with_mistakes_is_refused_because_they_may_have_been_limits() -> None:
    with pytest.raises(UserError, match=r'liftlock.yml:1:19: error: a size is expected'):
        confinement.read({'liftlock.yml': 'sandbox: {memory: 4}'})
