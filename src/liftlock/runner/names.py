"""What a step is called where it is shown."""

from typing import Final

from liftlock.language.workflow import Cancel, Parallel, Run, Uses, Wait

_PREFIXES: Final = {'pre': 'Pre ', 'main': '', 'post': 'Post '}


NAMELESS: Final = 'run'


def of_text(text: str) -> str:
    """A name that was given, or a script: its first line that is not blank."""
    return text.lstrip(' \t\r\n').replace('\r', '\n').partition('\n')[0]


def of_script(script: str) -> str:
    first = of_text(script)
    return f'Run {first}' if first else NAMELESS


def of_action(reference: str) -> str:
    """`Run actions/checkout@v4`, `Run ./path`, `Run alpine:3.20`."""
    return f'Run {reference.removeprefix("docker://")}'


def of_stage(stage: str, name: str) -> str:
    """`Pre Run x`, `Post Run x`; the name itself for the main stage."""
    return f'{_PREFIXES[stage]}{name}'


def of_control(does: Run | Uses | Wait | Cancel | Parallel) -> str:
    """For steps whose `name` is missing or cannot be evaluated."""
    match does:
        case Wait(ids):
            return 'Wait' if ids else 'Wait for all'
        case Cancel():
            return 'Cancel'
        case Parallel():
            return 'Parallel group'
        case Uses(reference):
            return of_action(str(reference.value))
        case Run():
            return NAMELESS
