"""Every code that a diagnostic can have, with its paragraph: what the documentation is made of.

The first group is found while a file is read, by the grammar and by what binds its parts to one
another; it has no module here.
"""

from typing import Final

from liftlock.language import checks
from liftlock.language.diagnostics import Severity
from liftlock.language.rule import Rule
from liftlock.language.settings import rules as settings

REFUSED: Final = 'GitHub refuses the file, and no workflow in it starts.'

READING: Final = (
    Rule(
        'file',
        Severity.ERROR,
        'The file does not exist, is a directory, may not be read or is far too large.',
        'Nothing can be said about it.',
        'Look at the path.',
    ),
    Rule(
        'yaml',
        Severity.ERROR,
        'The file is not YAML, not UTF-8, empty, larger than 1 MiB, or holds a bomb of aliases.',
        REFUSED,
        'Mostly it is the indentation, a tab, or a colon or quote inside a text without quotes. The'
        ' place that is shown is where reading had to stop; the cause may be a line before it.',
    ),
    Rule(
        'schema',
        Severity.ERROR,
        'A key is unknown in its place, a required one is missing, one is there twice, or a value'
        ' is of the wrong kind.',
        REFUSED,
        'Take the word of the hint. A misspelt key is read as that word, so what stands under it is'
        ' checked too. Keys are case-sensitive. Words such as `yes` are text in the'
        ' YAML that GitHub reads, not `true`.',
    ),
    Rule(
        'expression',
        Severity.ERROR,
        'An expression cannot be read, uses a function or context that does not exist, or one that'
        ' is not available in this place.',
        REFUSED,
        "Texts stand in single quotes: `'main'`. `secrets` is not available in `if:`: put it into"
        " `env:` and test `env.NAME != ''`. `matrix` is not available in the `if:` of a job, `env`"
        ' not in `runs-on`.',
    ),
    Rule(
        'id',
        Severity.ERROR,
        'The id of a job or step has other characters than letters, digits, `-` and `_`, begins'
        ' with `__`, has 100 characters or more, or is there twice. Case does not tell ids apart.',
        REFUSED,
        'Choose another id. What people shall read goes into `name:`.',
    ),
    Rule(
        'needs',
        Severity.ERROR,
        '`needs:` names a job that the workflow does not have, or leads back to the job itself.',
        REFUSED,
        'Correct the name, or break the circle.',
    ),
    Rule(
        'steps',
        Severity.ERROR,
        'Steps that run at the same time contradict their rules: `wait` or `cancel` names a step'
        ' that does not run before, or `parallel` holds a step that cannot stand there.',
        REFUSED,
        'Wait only for steps with `background: true` and an id, that stand before.',
    ),
    Rule(
        'matrix',
        Severity.ERROR,
        'A matrix has no row, an empty row, or excludes by a key that is no row.',
        REFUSED,
        'Give each row at least one value.',
    ),
    Rule(
        'inputs',
        Severity.ERROR,
        'An input of `workflow_dispatch` or `workflow_call` contradicts its type, or there are too'
        ' many.',
        REFUSED,
        'A `choice` needs `options`; only a `choice` has them. 25 inputs are the most.',
    ),
    Rule(
        'schedule',
        Severity.ERROR,
        'A cron expression or a time zone cannot be read.',
        REFUSED,
        'Five fields: minute, hour, day of the month, month, day of the week. `@daily`, seconds,'
        ' `L` and `#` are not known to GitHub.',
    ),
    Rule(
        'concurrency',
        Severity.ERROR,
        'A `concurrency:` group is longer than 400 characters, or `queue: max` stands with'
        ' `cancel-in-progress: true`.',
        REFUSED,
        'Runs are either queued or cancelled; decide for one.',
    ),
    Rule(
        'runs-on',
        Severity.ERROR,
        'The group of `runs-on` has a prefix that is none of `org/`, `organization/`, `ent/` and'
        ' `enterprise/`.',
        REFUSED,
        'Write the name of the group alone, or one of those before it.',
    ),
    Rule(
        'container',
        Severity.ERROR,
        'The image of a container is empty.',
        REFUSED,
        'Give it an `image:`.',
    ),
)

WORKFLOWS: Final = checks.RULES
SETTINGS: Final = settings.RULES
RULES: Final[tuple[Rule, ...]] = (*READING, *WORKFLOWS, *SETTINGS)
