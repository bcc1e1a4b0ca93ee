"""What `liftlock import` makes of manifests, and says about them.

manifests/<case>/*.yaml are read together; `out.yml` is what comes of them, `told.txt` what is told.
"""

from pathlib import Path
from typing import Final

import pytest

from golden.examples import inside
from liftlock.cli.manifests import builtin
from liftlock.language import report
from liftlock.language.diagnostics import Severity
from liftlock.language.manifests import draft, environments
from liftlock.language.manifests.environments import Around, Imported
from liftlock.language.settings.parse import parse

HERE: Final = Path(__file__).parent / 'manifests'
CASES: Final = sorted(path for path in HERE.iterdir() if path.is_dir())
FILES: Final = ('charts/found/Chart.yaml',)  # that the repository is said to have


def imported(case: Path) -> tuple[Imported, dict[str, str]]:
    with inside(case):
        texts = {one.name: one.read_text() for one in sorted(Path().glob('*.yaml'))}
    around = Around(builtin(''), FILES.__contains__, lambda path: f'k8s/{path}')
    return environments.read(texts, around), texts


@pytest.mark.parametrize('case', CASES, ids=lambda case: case.name)
def test_a_case_becomes_what_its_out_file_says(case: Path, update_golden: bool) -> None:
    found, texts = imported(case)
    made = draft.render(found.environments) if found.environments else ''
    lines = {path: text.splitlines() for path, text in texts.items()}
    told = '\n'.join(report.text(one, lines[one.file]) for one in found.diagnostics)
    if update_golden:
        (case / 'out.yml').write_text(made)
        (case / 'told.txt').write_text(told)
    assert made == (case / 'out.yml').read_text()
    assert told == (case / 'told.txt').read_text()


@pytest.mark.parametrize('case', CASES, ids=lambda case: case.name)
def test_what_comes_of_manifests_is_a_liftlock_yml_without_mistakes(case: Path) -> None:
    found, _ = imported(case)
    made = draft.render(found.environments) if found.environments else ''
    parsed = parse('liftlock.yml', made)
    assert not [one for one in parsed.diagnostics if one.severity is Severity.ERROR]
    assert set(parsed.settings.environments if parsed.settings else ()) == set(found.environments)
