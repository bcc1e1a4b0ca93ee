"""`liftlock verify`: whether an artifact is what was signed, and was built as expected."""

import json as jsons
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from liftlock.cli import verdicts, wiring
from liftlock.errors import FAILED, UNDECIDED, UserError
from liftlock.gates import attestation, envelopes
from liftlock.gates.attestation import Expected, Refused, Undecided, Verdict, Verified
from liftlock.gates.envelopes import Envelope, Keys, Unreadable
from liftlock.language.records import NamedTuple
from liftlock.plan.provenance import PROVENANCE

if TYPE_CHECKING:
    from liftlock.store.database import Store

ALGORITHMS: Final = ('sha256', 'sha384', 'sha512')
CHUNK: Final = 1 << 20
SCHEMES: Final = ('oci://', 'docker://')


class Target(NamedTuple):
    """What is verified. `digests` by algorithm, in hex."""

    shown: str
    digests: Mapping[str, str]

    @property
    def listed(self) -> list[str]:
        return [f'{algorithm}:{digits}' for algorithm, digits in self.digests.items()]


@click.command()
@click.argument('target', required=False, metavar='FILE|ARTIFACT|DIGEST|oci://IMAGE')
@click.option(
    '--bundle',
    'bundles',
    multiple=True,
    metavar='FILE',
    help='What was signed. [default: what is kept here]',
)
@click.option(
    '--key',
    'pems',
    multiple=True,
    metavar='FILE',
    help="The signer's public key. [default: this store's own]",
)
@click.option('--repository', default='', metavar='OWNER/NAME', help='It must come from there.')
@click.option('--workflow', default='', metavar='FILE', help='This workflow must have built it.')
@click.option('--ref', default='', metavar='REF', help='From this branch or tag.')
@click.option('--source-digest', default='', metavar='COMMIT', help='From this commit.')
@click.option(
    '--builder', default='', metavar='ID', help='By this builder: sandbox, docker, host, or a URI.'
)
@click.option(
    '--predicate-type',
    default=PROVENANCE,
    metavar='URI',
    show_default=True,
    help='What must be stated.',
)
@click.option(
    '--run', 'run', default='last', metavar='RUN', help='Whose ARTIFACT. [default: the last]'
)
@click.option('--json', is_flag=True, help='The verdict as an object.')
@click.option('--public-key', is_flag=True, help='Print the key with which this store signs.')
@click.pass_obj
def command(state: str | None, /, **given: Any) -> int:
    """Tell whether an artifact is what was signed, and was built as expected.

    Exits with 0 if it was verified, 1 if what was signed does not hold, and 3 if there is nothing
    to verify it with.
    """
    where = wiring.place(state)
    if given['public_key']:
        return _print_key(where.state)
    if not given['target']:
        raise UserError('name what is to be verified', 'see `liftlock verify --help`')
    expected = Expected(**{name: given[name] for name in Expected._fields})
    stored = _Stored(where)
    target = _find(given['target'], given['run'], stored)
    verdict = _judge(target, given['bundles'], given['pems'], expected, stored)
    if given['json']:
        record = verdicts.record(target.shown, target.digests, verdict)
        print(jsons.dumps(record, ensure_ascii=False, indent=2))
    else:
        verdicts.tell(target.shown, verdict)
    match verdict:
        case Verified():
            return 0
        case Refused():
            return FAILED
        case Undecided():
            return UNDECIDED


class _Stored:
    """The store, opened when something of it is wanted: a bundle and a key need none."""

    def __init__(self, where: wiring.Place) -> None:
        self.directory = where.state
        self._where = where
        self._store: Store | None = None

    @property
    def store(self) -> 'Store':
        if self._store is None:
            self._store = wiring.opened(self._where)
        return self._store


def _print_key(directory: Path) -> int:
    from liftlock.store import place, signing

    place.prepare(directory)
    signing.open_key(directory)
    print((signing.public_key(directory) or b'').decode(), end='')
    return 0


# --- what is verified


def _find(text: str, run: str, stored: _Stored) -> Target:
    algorithm, _, digits = text.partition(':')
    if algorithm in ALGORITHMS and digits:
        return Target(text, {algorithm: digits.lower()})
    scheme = next((one for one in SCHEMES if text.startswith(one)), '')
    if scheme:
        return _image(text, text.removeprefix(scheme))
    path = Path(text)
    if path.is_dir():
        raise UserError(
            f'{text} is a directory', 'verify the files in it, or the artifact it is from'
        )
    if path.exists():
        return Target(text, _digests(path))
    return _artifact(text, run, stored)


def _digests(path: Path) -> dict[str, str]:
    import hashlib

    made = {name: hashlib.new(name) for name in ALGORITHMS}
    try:
        with path.open('rb') as stream:
            while chunk := stream.read(CHUNK):
                for one in made.values():
                    one.update(chunk)
    except OSError as error:
        raise UserError(f'{path} cannot be read: {error.strerror}') from error
    return {name: one.hexdigest() for name, one in made.items()}


def _image(shown: str, name: str) -> Target:
    from liftlock.language import image as images
    from liftlock.runner.registry import credentials, digest

    image = images.parse(name)
    if image is None:
        raise UserError(f'{name} is no name of an image')
    found = image.digest
    if not found:
        try:
            found = digest.ask(image, credentials.find(image.registry))
        except digest.NoDigest as error:
            raise UserError(str(error), 'name its digest: oci://NAME@sha256:…') from error
    return Target(f'{shown} ({found})', {'sha256': found.partition(':')[2]})


def _artifact(name: str, run: str, stored: _Stored) -> Target:
    from liftlock.cli import kept
    from liftlock.store import blobs

    found = kept.find(stored.store, name, run)
    file = blobs.path(stored.store.directory, found.digest)
    return Target(f'artifact {name} of run {found.run}', _digests(file))


# --- by what


def _judge(
    target: Target,
    bundles: Sequence[str],
    pems: Sequence[str],
    expected: Expected,
    stored: _Stored,
) -> Verdict:
    keys = _keys(pems, stored)
    if keys is None:
        return Undecided(
            'there is no key to verify with: nothing was ever signed here (--key FILE)'
        )
    signed = _bundled(bundles) if bundles else _kept(target, stored)
    if not signed and not bundles:
        return Undecided(_missing(target, stored))
    return attestation.judge(signed, keys, target.digests, expected)


def _keys(pems: Sequence[str], stored: _Stored) -> Keys | None:
    from liftlock.store import signing

    if not pems:
        own = signing.public_key(stored.directory)
        return envelopes.read_keys(own) if own else None
    found = [_read(name, 'rb', envelopes.read_keys) for name in pems]
    return Keys(tuple(key for keys in found for key in keys.keys))


def _bundled(bundles: Sequence[str]) -> list[Envelope]:
    return [one for name in bundles for one in _read(name, 'r', envelopes.parse)]


def _read(name: str, mode: str, parse: Any) -> Any:
    try:
        path = Path(name)
        return parse(path.read_bytes() if mode == 'rb' else path.read_text(encoding='utf-8'))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f'{name} cannot be read: {error}') from error
    except Unreadable as error:
        raise UserError(f'{name}: {error}') from error


def _kept(target: Target, stored: _Stored) -> list[Envelope]:
    from liftlock.store import attestations

    found = attestations.about(stored.store, target.listed)
    texts = [attestations.read(stored.store, one) for one in found]
    return [envelope for text in texts for envelope in envelopes.parse(text)]


def _missing(target: Target, stored: _Stored) -> str:
    from liftlock.store import attestations

    other = attestations.named(stored.store, Path(target.shown).name)
    if other:
        return f'nothing was signed about it; a file of that name was signed as {other[0]}'
    return 'nothing was signed about it here; name what was: --bundle FILE'
