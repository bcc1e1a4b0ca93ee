import json

from liftlock.engine import confinement, declared
from liftlock.language.settings.sandbox import Sandbox


def test_what_is_kept_with_a_run_is_what_was_read() -> None:
    text = 'sandbox: {network: true, read: [/srv, ~/x], memory: 1GB, jobs: {a: {env: HOME}}}'
    settings = declared.read({'liftlock.yml': text})
    assert settings is not None
    read = settings.sandbox
    assert read.jobs['a'].env == ('HOME',)
    assert confinement.load(json.loads(json.dumps(confinement.dump(read)))) == read


def test_nothing_is_declared_where_nothing_was_written() -> None:
    assert confinement.load(None) == Sandbox()
