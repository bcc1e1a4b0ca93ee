"""What forges send, beside the event that workflows see: a folder a case.

`sent.json` is what came: forge, kind and payload. `event.json` is what is made of it.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from liftlock.engine.intake import forges
from liftlock.engine.intake.forges.told import Ignored
from liftlock.store.repositories import Repository

CASES = Path(__file__).parent / 'hooks'


@pytest.mark.parametrize('case', sorted(CASES.iterdir()), ids=lambda case: case.name)
def test_a_delivery_is_the_event_that_github_would_tell(case: Path, update_golden: bool) -> None:
    sent = json.loads((case / 'sent.json').read_text(), parse_int=float)
    made = json.dumps(_read(sent), indent=1, sort_keys=True, ensure_ascii=False) + '\n'
    if update_golden:
        (case / 'event.json').write_text(made)
    assert (case / 'event.json').read_text() == made


def _read(sent: Any) -> Any:
    repository = Repository(1, 'octo/shop', '', sent['forge'], branch='main')
    found = forges.read(repository, sent['kind'], sent['payload'])
    if isinstance(found, Ignored):
        return {'ignored': found.reason}
    first, *others = (event._asdict() for event in found)
    for other in others:  # the payload is the same
        assert other['payload'] == first['payload']
        del other['payload']
    return [first, *others]
