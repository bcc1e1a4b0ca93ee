"""What GitHub's attestation actions have in common: what is stated, about which subjects.

Sources: actions/attest v4 (subject, detect, predicate, sbom).
"""

import asyncio
import hashlib
import json
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from liftlock.errors import UserError
from liftlock.plan.facts import Attested
from liftlock.plan.provenance import PROVENANCE, Subject
from liftlock.runner.actions import paths
from liftlock.runner.actions.inputs import read_boolean, split_list
from liftlock.runner.workbench import StepFailed, Workbench

MOST: Final = 1024  # subjects
LARGEST: Final = 16 << 20  # bytes of a predicate
_CHECKSUMS: Final = 512 * MOST  # bytes
_LENGTHS: Final = {
    'sha224': 56, 'sha256': 64, 'sha384': 96, 'sha512': 128, 'sha512_224': 56, 'sha512_256': 64,
}  # fmt: skip
_LISTED: Final = {64: 'sha256', 128: 'sha512'}  # by the length of a checksum


async def attest(bench: Workbench, given: dict[str, str]) -> None:
    """`given` are the inputs, those that an older action lacks as ''."""
    if bench.permission('id-token') != 'write':
        raise StepFailed(
            'missing "id-token" permission. Please add "permissions: id-token: write" to your '
            'workflow.'
        )
    stated = read_kind(given)
    bench.log(f'Attestation type: {stated}')
    subjects = await read_subjects(bench, given)
    if bench.permission('attestations') != 'write':
        raise StepFailed(
            'Failed to persist attestation: Resource not accessible by integration. Please add '
            '"permissions: attestations: write" to your workflow.'
        )
    assert bench.world.attestations is not None
    signer = bench.world.attestations()
    if stated == 'Build Provenance':
        kind, predicate = PROVENANCE, await signer.provenance(bench.job)
    else:
        kind, predicate = read_predicate(bench, given)
    try:
        signed = await signer.sign(bench.job, subjects, kind, predicate)
    except UserError as error:
        raise StepFailed(f'{error}; {error.hint}' if error.hint else str(error)) from error
    identity, bundle, digest = signed
    bench.report(Attested(bench.job, kind, len(subjects), digest))
    await _tell(bench, subjects, identity, bundle)
    if read_boolean(bench, 'push-to-registry'):
        bench.warning(
            'push-to-registry: the attestation is kept with the run, and was not pushed; '
            '`liftlock artifacts --bundle` writes it out'
        )


async def _tell(bench: Workbench, subjects: Sequence[Subject], identity: str, bundle: str) -> None:
    first = subjects[0]
    told = f'{first.name}@{first.digest}' if len(subjects) == 1 else f'{len(subjects)} subjects'
    bench.log(f'Attestation created for {told}')
    bench.log(
        f'Attestation {identity} is signed with the key of this Liftlock, and kept with the run'
    )
    bench.set_output('bundle-path', str(await asyncio.to_thread(_write, bench.temp, bundle)))
    bench.set_output('attestation-id', identity)
    github = bench.github
    address = f'{github.get("server_url", "")}/{github.get("repository", "")}'
    bench.set_output('attestation-url', f'{address}/attestations/{identity}')


def _write(temp: Path, bundle: str) -> Path:
    folder = Path(tempfile.mkdtemp(dir=temp))
    folder.chmod(0o755)  # steps in a container may be somebody else
    file = folder / 'attestation.json'
    file.write_text(f'{bundle}\n')
    return file


def read_kind(given: dict[str, str]) -> str:
    """Build Provenance, SBOM or Custom. StepFailed for what cannot go together."""
    custom = given['predicate-type'] or given['predicate'] or given['predicate-path']
    if given['sbom-path'] and custom:
        raise StepFailed(
            'Cannot specify sbom-path together with predicate-type, predicate, or predicate-path'
        )
    if given['sbom-path']:
        return 'SBOM'
    if custom and not given['predicate-type']:
        raise StepFailed('predicate-type is required when using predicate or predicate-path')
    return 'Custom' if custom else 'Build Provenance'


# --- what it is about


async def read_subjects(bench: Workbench, given: dict[str, str]) -> Sequence[Subject]:
    """Named by path, by digest, in a list of checksums, or by the job itself. StepFailed."""
    wanted = [given[f'subject-{by}'] for by in ('path', 'digest', 'checksums')]
    if sum(map(bool, wanted)) > 1:
        raise StepFailed(
            'Only one of subject-path, subject-digest, or subject-checksums may be provided'
        )
    name = given['subject-name'].lower() if _is_pushed(given) else given['subject-name']
    if given['subject-path']:
        found = await _by_path(bench, given['subject-path'], name)
    elif given['subject-digest']:
        found = [_by_digest(given['subject-digest'], name)]
    elif given['subject-checksums']:
        found = _by_checksums(_checksums(bench, given['subject-checksums']))
    else:
        found = list(bench.subjects)
    if not found:
        raise StepFailed(
            'One of subject-path, subject-digest, or subject-checksums must be provided'
        )
    if len(found) > MOST:
        raise StepFailed(
            f'Too many subjects specified (>{MOST}). The maximum number of subjects is {MOST}.'
        )
    return found


def _is_pushed(given: dict[str, str]) -> bool:
    return given['push-to-registry'].lower() == 'true'


async def _by_path(bench: Workbench, patterns: str, name: str) -> list[Subject]:
    listed = '\n'.join(split_list(patterns))
    found = paths.find(listed, bench.workspace, bench.env)
    files = [file for file in found.files if file.is_file()]
    if len(files) > MOST:
        raise StepFailed(
            f'Too many subjects specified (>{MOST}). The maximum number of subjects is {MOST}.'
        )
    try:
        digests = [await asyncio.to_thread(_digest, bench, file) for file in files]
    except OSError as error:
        raise StepFailed(f'{error.filename}: {error.strerror}') from error
    pairs = zip(files, digests, strict=True)
    subjects = dict.fromkeys(Subject(name or file.name, digest) for file, digest in pairs)
    if not subjects:
        raise StepFailed(f'Could not find subject at path {patterns}')
    return list(subjects)


def _digest(bench: Workbench, file: Path) -> str:
    with bench.open(file) as stream:
        return f'sha256:{hashlib.file_digest(stream, "sha256").hexdigest()}'


def _by_digest(text: str, name: str) -> Subject:
    if not name:
        raise StepFailed('subject-name must be provided when using subject-digest')
    algorithm, colon, digits = text.partition(':')
    if not colon or not digits or ':' in digits:
        raise StepFailed('subject-digest must be in the format "algorithm:hex_digest"')
    length = _LENGTHS.get(algorithm)
    if length is None:
        raise StepFailed(f'subject-digest has unsupported algorithm "{algorithm}"')
    if not re.fullmatch('[0-9a-fA-F]+', digits):
        raise StepFailed('subject-digest has invalid hex digits')
    if len(digits) != length:
        raise StepFailed(
            f'subject-digest has invalid length for algorithm "{algorithm}" '
            f'(expected {length}, got {len(digits)})'
        )
    return Subject(name, f'{algorithm}:{digits.lower()}')


def _checksums(bench: Workbench, given: str) -> str:
    """The lines themselves, or the name of a file with them, as `sha256sum` writes it."""
    if '\n' in given or not (bench.workspace / given).exists():
        return given
    if not (bench.workspace / given).is_file():
        raise StepFailed(f'subject checksums file not found: {given}')
    return _read(bench, given, 'subject checksums file', _CHECKSUMS)


def _by_checksums(text: str) -> list[Subject]:
    found: dict[Subject, None] = {}
    for line in text.splitlines():
        digits, space, name = line.partition(' ')
        if not space:
            continue
        if not re.fullmatch('[0-9a-fA-F]+', digits):
            raise StepFailed(f'Invalid digest: {digits}')
        if len(digits) not in _LISTED:
            raise StepFailed(f'Unknown digest algorithm: {digits}')
        shown = name[1:] if name[:1] in ('*', ' ') else name
        found[Subject(shown, f'{_LISTED[len(digits)]}:{digits.lower()}')] = None
    return list(found)


# --- what is stated


def read_predicate(bench: Workbench, given: dict[str, str]) -> tuple[str, Any]:
    """Its type and its content: of a bill of materials, or whatever the workflow states."""
    if given['sbom-path']:
        return _bill_of_materials(bench, given['sbom-path'])
    if bool(given['predicate']) == bool(given['predicate-path']):
        known = 'Only one' if given['predicate'] else 'One'
        verb = 'may' if given['predicate'] else 'must'
        raise StepFailed(f'{known} of predicate-path or predicate {verb} be provided')
    text = given['predicate']
    if given['predicate-path']:
        text = _read(bench, given['predicate-path'], 'predicate file')
    return given['predicate-type'], _parse(text, 'The predicate')


def _bill_of_materials(bench: Workbench, path: str) -> tuple[str, Any]:
    content = _parse(_read(bench, path, 'SBOM file'), 'The SBOM')
    known = content if isinstance(content, dict) else {}
    if known.get('spdxVersion') and known.get('SPDXID'):
        version = str(known['spdxVersion']).partition('-')[2]
        return f'https://spdx.dev/Document/v{version}', content
    if known.get('bomFormat') and known.get('serialNumber') and known.get('specVersion'):
        return 'https://cyclonedx.org/bom', content
    raise StepFailed('Unsupported SBOM format. Must be valid SPDX or CycloneDX JSON.')


def _read(bench: Workbench, path: str, what: str, most: int = LARGEST) -> str:
    try:
        with bench.open(bench.workspace / path) as stream:
            content = stream.read(most + 1)
    except OSError as error:
        raise StepFailed(f'{what} not found: {path} ({error.strerror})') from error
    if len(content) > most:
        raise StepFailed(f'{what} exceeds maximum allowed size: {most} bytes')
    return content.decode('utf-8', 'replace')


def _parse(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StepFailed(f'{what} is no JSON: {error}') from error
