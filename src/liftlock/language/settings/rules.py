"""What can be wrong with `liftlock.yml`. Here an error means that Liftlock refuses the file."""

from typing import Final

from liftlock.language.diagnostics import Severity
from liftlock.language.rule import Rule

KEY: Final = Rule(
    'settings-key',
    Severity.ERROR,
    '`liftlock.yml` has a key that means nothing there, or has it twice.',
    'A misspelt key would be a gate that never closes, or a protection that protects nothing.',
    'Take the key that the hint names; the JSON Schema in `docs/liftlock.yml.schema.json` lists all'
    ' of them, and editors complete from it.',
)
TYPE: Final = Rule(
    'settings-type',
    Severity.ERROR,
    'A list, a mapping or a single value stands where one of the others is expected.',
    'Liftlock would have to guess what was meant.',
    'Write what the message expects.',
)
VALUE: Final = Rule(
    'settings-value',
    Severity.ERROR,
    'A value cannot be read: a duration without a unit, a percentage above 100, a word that is'
    ' none of the known ones, a condition without an operator.',
    'Nothing can be decided by it.',
    'Durations are written `30s`, `10m`, `1h30m` or `7d`, percentages `5%`, conditions'
    ' `error_rate > 5%`.',
)
MISSING: Final = Rule(
    'settings-missing',
    Severity.ERROR,
    'A key that must be there is not.',
    'What is described cannot work without it.',
    'Add the key.',
)
ONE_OF: Final = Rule(
    'settings-one-of',
    Severity.ERROR,
    'Several kinds of one thing are given, or none: a target, a strategy, a step of a canary, a'
    ' health check, an analysis.',
    'Each has exactly one kind, and no order says which of two would win.',
    'Keep one.',
)
NAME: Final = Rule(
    'settings-name',
    Severity.ERROR,
    'A name stands for nothing: an analysis that the environment does not have, an environment'
    ' that does not exist, a channel that nobody knows.',
    'The deployment would stop in the middle, or an alert would reach nobody.',
    'Correct the name, or define it.',
)
CHANNEL: Final = Rule(
    'settings-channel',
    Severity.WARNING,
    'An alert names a channel that Liftlock knows but `notify:` does not set up.',
    'Nobody is told on that channel.',
    'Add the channel under `notify:`, or take it out of the alert.',
)
SECRET: Final = Rule(
    'settings-secret',
    Severity.ERROR,
    'A secret stands in the file itself.',
    'Everybody who can read the repository, now or in ten years, has it.',
    'Store it with `liftlock secret set NAME`, write `secret:NAME`, and make a new one: the old one'
    ' is in the history.',
)
CONFLICT: Final = Rule(
    'settings-conflict',
    Severity.WARNING,
    'Two things that are said contradict one another.',
    'One of them will not happen: a promotion that is both automatic and waiting, a canary whose'
    ' weight goes down, a rolling update that may neither add nor remove an instance.',
    'Decide for one of them.',
)

RULES: Final = (KEY, TYPE, VALUE, MISSING, ONE_OF, NAME, CHANNEL, SECRET, CONFLICT)
