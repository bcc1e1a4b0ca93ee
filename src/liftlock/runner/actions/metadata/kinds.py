"""What each type of entry in `tags:` gives in this run: a value, or a warning, or nothing."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.runner.actions.metadata.facts import HEADS, PULLS, TAGS, Facts, dates, expand
from liftlock.runner.actions.metadata.rules import Tag
from liftlock.runner.actions.metadata.template import Values, is_raw, render
from liftlock.runner.actions.metadata.versions import parse_pep440, parse_semver
from liftlock.runner.regexps import BadRegexp, compile_ecmascript
from liftlock.runner.workbench import StepFailed

_FLAGS: Final = {'i': re.IGNORECASE, 'm': re.MULTILINE, 's': re.DOTALL}


class Given(NamedTuple):
    """`value` is None if the entry does not apply; `latest` is what it means for that tag."""

    value: str | None = None
    latest: bool = False
    warnings: tuple[str, ...] = ()


_NOTHING: Final = Given()


def give(tag: Tag, facts: Facts) -> Given:
    """Raises StepFailed for what cannot be read."""
    return _KINDS[tag.type](tag.attributes, facts)


def _of_schedule(given: Mapping[str, str], facts: Facts) -> Given:
    if 'schedule' not in facts.event:
        return _NOTHING
    return Given(render(given['pattern'], dates(facts)))


def _of_semver(given: Mapping[str, str], facts: Facts) -> Given:
    text, warnings = _version_text(given, facts)
    if text is None:
        return _NOTHING
    found = parse_semver(text)
    if found is None:
        wrong = f'{text} is not a valid semver. More info: https://semver.org/'
        return Given(warnings=(*warnings, wrong))
    pattern = given['pattern']
    if found.prerelease and not is_raw(pattern):
        pattern = '{{version}}'
    return Given(render(pattern, found._asdict()), not found.prerelease, warnings)


def _of_pep440(given: Mapping[str, str], facts: Facts) -> Given:
    text, warnings = _version_text(given, facts)
    if text is None:
        return _NOTHING
    found = parse_pep440(text)
    if found is None:
        where = 'More info: https://www.python.org/dev/peps/pep-0440'
        return Given(warnings=(*warnings, f'{text} does not conform to PEP 440. {where}'))
    pattern = given['pattern']
    if not found.final:
        return Given(text if is_raw(pattern) else found.version, warnings=warnings)
    values: Values = {
        'raw': text, 'version': found.version, 'major': found.major, 'minor': found.minor,
        'patch': found.patch,
    }  # fmt: skip
    return Given(render(pattern, values), True, warnings)


def _version_text(given: Mapping[str, str], facts: Facts) -> tuple[str | None, tuple[str, ...]]:
    """The text that should be a version, and what is to be said of it."""
    text = _value_or_tag(given, facts)
    pattern = given['match']
    if text is None or not pattern:
        return text and text.replace('/', '-'), ()
    found = _compile(pattern, '').search(text)
    if found is None:
        return text.replace('/', '-'), (f'{pattern} does not match {text}.',)
    if not found.re.groups or found[1] is None:
        raise StepFailed(f"match={pattern} has no group that says which part of '{text}' counts")
    return found[1].replace('/', '-'), ()


def _value_or_tag(given: Mapping[str, str], facts: Facts) -> str | None:
    if given['value']:
        return expand(given['value'], facts)
    return facts.ref.removeprefix(TAGS) if facts.ref.startswith(TAGS) else None


def _of_match(given: Mapping[str, str], facts: Facts) -> Given:
    text = _value_or_tag(given, facts)
    if text is None:
        return _NOTHING
    pattern, group = given['pattern'], given['group']
    groups = _match(pattern, text)
    if not groups:
        return Given(warnings=(f'{pattern} does not match {text}.',))
    number = float(group or 0)
    value = groups[int(number)] if 0 <= number < len(groups) else None
    if value is None:
        return Given(warnings=(f'Group {group} does not exist for {pattern} pattern.',))
    return Given(value, True)


def _match(pattern: str, text: str) -> Sequence[str | None]:
    """What is matched and its groups; with the flag `g` everything that is matched."""
    written = re.fullmatch(r'/(.+)/(.*)', pattern)
    source, flags = (written[1], written[2]) if written else (pattern, '')
    compiled = _compile(source, flags)
    if 'g' in flags:
        return [found[0] for found in compiled.finditer(text)]
    found = compiled.search(text)
    return () if found is None else (found[0], *found.groups())


def _compile(source: str, flags: str) -> re.Pattern[str]:
    try:
        compiled = compile_ecmascript(source)
    except BadRegexp as error:
        raise StepFailed(str(error)) from None
    known = sum(_FLAGS.get(flag, 0) for flag in set(flags))
    return re.compile(compiled.pattern, compiled.flags | known)


def _of_ref(given: Mapping[str, str], facts: Facts) -> Given:
    match given['event']:
        case 'branch' if facts.ref.startswith(HEADS):
            return Given(facts.ref.removeprefix(HEADS))
        case 'tag' if facts.ref.startswith(TAGS):
            return Given(facts.ref.removeprefix(TAGS), True)
        case 'pr' if facts.ref.startswith(PULLS):
            return Given(facts.ref.removeprefix(PULLS).removesuffix('/merge'))
    return _NOTHING


def _of_edge(given: Mapping[str, str], facts: Facts) -> Given:
    branch = given['branch'] or facts.default_branch
    return Given('edge') if facts.ref == f'{HEADS}{branch}' else _NOTHING


def _of_raw(given: Mapping[str, str], facts: Facts) -> Given:
    return Given(expand(given['value'], facts))


def _of_sha(given: Mapping[str, str], facts: Facts) -> Given:
    if not facts.sha:
        return _NOTHING
    return Given(facts.sha if given['format'] == 'long' else facts.short_sha)


_KINDS: Final[Mapping[str, Callable[[Mapping[str, str], Facts], Given]]] = {
    'schedule': _of_schedule,
    'semver': _of_semver,
    'pep440': _of_pep440,
    'match': _of_match,
    'ref': _of_ref,
    'edge': _of_edge,
    'raw': _of_raw,
    'sha': _of_sha,
}
