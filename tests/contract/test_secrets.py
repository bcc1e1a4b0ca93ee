"""What the store promises to those who entrust secrets to it."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from liftlock.engine import stored
from liftlock.errors import UserError
from liftlock.plan.event import Event
from liftlock.store import runs, sealing
from liftlock.store.database import Store, open_store
from liftlock.store.paths import KEY
from liftlock.store.secrets import SECRET, VARIABLE, Safe, Scope

OURS = Scope('acme/shop')
PRODUCTION = Scope('acme/shop', 'production')
PEM = '-----BEGIN KEY-----\nline one\nline two\n-----END KEY-----\n'


@pytest.fixture
def safe(store: Store) -> Safe:
    return Safe(store)


def again(store: Store) -> Safe:
    """As another process has it, which knows no key yet."""
    return Safe(store)


def test_a_secret_comes_back_as_it_was_given(store: Store, safe: Safe) -> None:
    safe.set(OURS, 'KEY', PEM, 'alice')
    safe.set(OURS, 'WORD', 'Grüße\t漢字', 'alice')
    assert again(store).of('acme/shop') == {'KEY': PEM, 'WORD': 'Grüße\t漢字'}


def test_names_of_repositories_environments_and_secrets_ignore_case(safe: Safe) -> None:
    safe.set(Scope('Acme/Shop', 'Production'), 'token', 'one', 'alice')
    safe.set(PRODUCTION, 'TOKEN', 'two', 'alice')
    assert safe.of('ACME/shop', 'PRODUCTION') == {'TOKEN': 'two'}
    assert len(safe.listed('acme/shop')) == 1


def test_an_environment_has_its_own_before_those_of_the_repository(safe: Safe) -> None:
    safe.set(OURS, 'A', 'of the repository', 'alice')
    safe.set(OURS, 'B', 'of the repository', 'alice')
    safe.set(PRODUCTION, 'B', 'of production', 'alice')
    assert safe.of('acme/shop') == {'A': 'of the repository', 'B': 'of the repository'}
    assert safe.of('acme/shop', 'production') == {'A': 'of the repository', 'B': 'of production'}
    assert safe.of('acme/shop', 'staging') == safe.of('acme/shop')
    assert safe.of('acme/other', 'production') == {}


@pytest.mark.parametrize(
    ('actor', 'secrets'),
    [('mona', {'': {'A': 'x'}, 'production': {'B': 'y'}}), ('dependabot[bot]', {})],
)
def test_what_dependabot_sets_off_gets_variables_alone(
    store: Store, safe: Safe, actor: str, secrets: dict[str, dict[str, str]]
) -> None:
    safe.set(OURS, 'A', 'x', 'alice')
    safe.set(PRODUCTION, 'B', 'y', 'alice')
    Safe(store, kind=VARIABLE).set(OURS, 'REGION', 'eu', 'alice')
    event = Event('push', {}, 'refs/heads/dependabot/pip/x-2', 'a' * 40, 'acme/shop', actor)
    key = store.directory / KEY
    assert stored.values(store, key, event, SECRET) == secrets
    assert stored.terms(store, key, event, {}, 'alice').stored() == secrets, 'started by a person'
    assert stored.values(store, key, event, VARIABLE) == {'': {'REGION': 'eu'}}


def test_secrets_and_variables_of_one_name_are_two_things(store: Store, safe: Safe) -> None:
    variables = Safe(store, kind=VARIABLE)
    safe.set(OURS, 'REGION', 'hidden', 'alice')
    variables.set(OURS, 'REGION', 'eu-central-1', 'alice')
    assert safe.of('acme/shop') == {'REGION': 'hidden'}
    assert variables.of('acme/shop') == {'REGION': 'eu-central-1'}
    assert runs.kept_for(store, 'Acme/shop') == {SECRET, VARIABLE}
    assert runs.kept_for(store, 'acme/other') == set()


def test_an_environments_go_before_its_repositorys_and_those_before_the_servers(
    store: Store, safe: Safe
) -> None:
    for scope in (Scope(''), Scope('acme/shop'), Scope('acme/shop', 'production')):
        safe.set(scope, 'WHERE', '/'.join(filter(None, scope)) or 'server', 'mona')
    safe.set(Scope(''), 'EVERYWHERE', 'yes', 'mona')
    assert safe.of('acme/shop', 'production') == {
        'WHERE': 'acme/shop/production',
        'EVERYWHERE': 'yes',
    }
    assert safe.of('acme/shop')['WHERE'] == 'acme/shop'
    assert safe.of('acme/other') == {'WHERE': 'server', 'EVERYWHERE': 'yes'}
    assert [one.name for one in safe.listed('acme/other')] == []
    assert runs.kept_for(store, 'acme/other') == {SECRET}


def test_what_is_removed_is_gone(safe: Safe) -> None:
    safe.set(OURS, 'A', 'x', 'alice')
    safe.set(PRODUCTION, 'A', 'y', 'alice')
    safe.remove(OURS, 'a', 'bob')
    assert safe.of('acme/shop') == {}
    assert safe.of('acme/shop', 'production') == {'A': 'y'}
    with pytest.raises(UserError, match='there is no secret A of acme/shop'):
        safe.remove(OURS, 'A', 'bob')


def test_who_set_and_removed_what_is_kept_and_the_values_are_not(store: Store, safe: Safe) -> None:
    safe.set(OURS, 'A', 'first-value', 'alice')
    safe.set(OURS, 'A', 'second-value', 'bob')
    safe.remove(OURS, 'A', 'carol')
    told = [(one.fact, one.name, one.by) for one in safe.history('acme/shop')]
    assert told == [('set', 'A', 'alice'), ('set', 'A', 'bob'), ('removed', 'A', 'carol')]
    times = [one.at for one in safe.history('acme/shop')]
    assert times == sorted(times)
    assert times[0] > 1e9


def test_no_value_and_no_key_stands_in_any_file_of_the_database(tmp_path: Path) -> None:
    store = open_store(tmp_path / 'state')
    for kind in (SECRET, VARIABLE):
        Safe(store, kind=kind).set(OURS, 'A', 'a-value-to-look-for', 'alice')
    store.close()
    key = (tmp_path / 'state' / sealing.FILE).read_text().strip()
    files = [one for one in (tmp_path / 'state').glob('liftlock.db*') if one.is_file()]
    assert files
    for file in files:
        content = file.read_bytes()
        assert b'a-value-to-look-for' not in content
        assert key.encode() not in content


# --- the key


def test_the_key_is_a_file_that_only_its_owner_reads(store: Store, safe: Safe) -> None:
    safe.set(OURS, 'A', 'x', 'alice')
    file = store.directory / sealing.FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not list(store.directory.glob(f'.{sealing.FILE}*'))


def test_a_key_elsewhere_is_used_and_made_there(store: Store, tmp_path: Path) -> None:
    elsewhere = tmp_path / 'away' / 'my.key'
    Safe(store, elsewhere).set(OURS, 'A', 'x', 'alice')
    assert elsewhere.exists()
    assert not (store.directory / sealing.FILE).exists()
    assert Safe(store, elsewhere).of('acme/shop') == {'A': 'x'}


def test_a_lost_key_is_told_and_never_replaced(store: Store, safe: Safe) -> None:
    safe.set(OURS, 'A', 'x', 'alice')
    (store.directory / sealing.FILE).unlink()
    with pytest.raises(UserError, match='cannot be read'):
        again(store).of('acme/shop')
    with pytest.raises(UserError, match='cannot be read'):
        again(store).set(OURS, 'B', 'x', 'alice')
    assert not (store.directory / sealing.FILE).exists()
    again(store).remove(OURS, 'A', 'alice')
    again(store).set(OURS, 'B', 'y', 'alice')
    assert again(store).of('acme/shop') == {'B': 'y'}


def test_another_key_is_told_from_a_damaged_secret(store: Store, safe: Safe) -> None:
    safe.set(OURS, 'A', 'x', 'alice')
    file = store.directory / sealing.FILE
    file.unlink()
    sealing.make_key(file)
    with pytest.raises(UserError, match='another key'):
        again(store).of('acme/shop')
    with pytest.raises(UserError, match='another key'):
        again(store).set(OURS, 'B', 'x', 'alice')


def test_a_key_that_others_may_read_is_refused(store: Store, safe: Safe) -> None:
    safe.set(OURS, 'A', 'x', 'alice')
    (store.directory / sealing.FILE).chmod(0o640)
    with pytest.raises(UserError, match='others on this machine'):
        again(store).of('acme/shop')


@pytest.mark.parametrize('content', ['', 'no key\n', 'c2hvcnQ=\n'])
def test_a_file_that_holds_no_key_is_told(store: Store, safe: Safe, content: str) -> None:
    safe.set(OURS, 'A', 'x', 'alice')
    (store.directory / sealing.FILE).write_text(content)
    with pytest.raises(UserError, match='holds no key'):
        again(store).of('acme/shop')


def test_many_who_set_the_first_secret_at_once_agree_on_one_key(tmp_path: Path) -> None:
    open_store(tmp_path / 'state').close()

    def put(number: int) -> None:
        store = open_store(tmp_path / 'state')
        Safe(store).set(OURS, f'S{number}', str(number), 'alice')
        store.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(16)))
    store = open_store(tmp_path / 'state')
    assert Safe(store).of('acme/shop') == {f'S{n}': str(n) for n in range(16)}
    store.close()


# --- rows that somebody meddled with


def meddle(store: Store, statement: str, *given: object) -> None:
    with store.transaction() as sql:
        assert sql.execute(statement, given).rowcount > 0


@pytest.mark.parametrize(
    'change',
    [
        ("UPDATE secrets SET name = 'B'",),
        ("UPDATE secrets SET environment = 'production'",),
        ("UPDATE secrets SET repository = 'acme/shop', kind = 'variable'",),
        ('UPDATE secrets SET sealed = ?', bytes(40)),
        ('UPDATE secrets SET sealed = ?', b'\0'),
        ('UPDATE secrets SET sealed = substr(sealed, 1, length(sealed) - 1)',),
    ],
)
def test_a_row_that_was_moved_or_changed_is_not_opened(
    store: Store, safe: Safe, change: tuple[str, ...]
) -> None:
    safe.set(OURS, 'A', 'x', 'alice')
    meddle(store, *change)
    (kind,) = runs.kept_for(store, 'acme/shop')
    with pytest.raises(UserError, match='cannot be decrypted'):
        Safe(store, kind=kind).values('acme/shop')


def test_the_value_of_one_environment_cannot_be_put_into_another(store: Store, safe: Safe) -> None:
    safe.set(Scope('acme/shop', 'staging'), 'A', 'harmless', 'alice')
    safe.set(PRODUCTION, 'A', 'precious', 'alice')
    meddle(
        store,
        'UPDATE secrets SET sealed ='
        " (SELECT sealed FROM secrets WHERE environment = 'production')"
        " WHERE environment = 'staging'",
    )
    with pytest.raises(UserError, match='A of staging cannot be decrypted'):
        again(store).values('acme/shop')


def test_the_same_value_is_never_sealed_alike_twice(store: Store, safe: Safe) -> None:
    key = sealing.make_key(store.directory / sealing.FILE)
    assert key.seal('x', 'p') != key.seal('x', 'p')


# --- names and values


@pytest.mark.parametrize('name', ['1ST', 'MY-TOKEN', 'A B', '', 'Ü', 'A\n', 'github_token'])
def test_names_that_github_refuses_are_refused(safe: Safe, name: str) -> None:
    with pytest.raises(UserError, match='cannot be the name'):
        safe.set(OURS, name, 'x', 'alice')


@pytest.mark.parametrize(
    ('value', 'told'),
    [('', 'no value'), ('a\0b', 'NUL'), ('x' * (48 * 1024 + 1), 'larger than 48 KiB')],
)
def test_values_that_nobody_could_use_are_refused(safe: Safe, value: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        safe.set(OURS, 'A', value, 'alice')
    assert safe.listed('acme/shop') == []
    assert safe.history('acme/shop') == []


def test_the_largest_value_is_kept(safe: Safe) -> None:
    safe.set(OURS, 'A', 'x' * 48 * 1024, 'alice')
    assert len(safe.of('acme/shop')['A']) == 48 * 1024


def test_a_directory_where_no_key_can_be_written_is_told(store: Store, tmp_path: Path) -> None:
    (tmp_path / 'file').write_text('')
    with pytest.raises(UserError, match='cannot write the key'):
        Safe(store, tmp_path / 'file' / 'key').set(OURS, 'A', 'x', 'alice')


def test_nothing_heavy_is_imported_to_see_that_there_is_nothing(tmp_path: Path) -> None:
    import subprocess
    import sys

    program = f"""
import sys
from pathlib import Path
from liftlock.store import runs
from liftlock.store.database import open_store
assert not runs.kept_for(open_store(Path({str(tmp_path / 'state')!r})), 'acme/shop')
assert not {{'cryptography', 'liftlock.store.secrets'}} & set(sys.modules)
"""
    env = {'PATH': os.environ['PATH'], 'PYTHONPATH': os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, '-c', program], check=True, env=env)
