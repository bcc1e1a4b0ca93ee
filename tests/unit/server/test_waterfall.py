"""Where the time of a run went."""

from xml.etree import ElementTree

from liftlock.plan.board import Job, Step
from liftlock.server import waterfall


def job(key: str, started: float, finished: float, *steps: tuple[float, float]) -> Job:
    made = Job(key, key, 'success')
    made.started, made.finished = started, finished
    for number, (begin, end) in enumerate(steps, 1):
        step = Step(number, f'step {number}', begin)
        step.state, step.finished = 'success', end
        made.steps[number] = step
    return made


BUILD = job('build', 100, 110, (100, 104), (104, 110))
LINT = job('lint', 100, 130)
TEST = job('test', 112, 122)
SHIP = job('ship', 130, 140)
NEEDS = {'test': ['build'], 'ship': ['test', 'lint']}


def test_the_critical_path_goes_back_over_what_ended_last() -> None:
    jobs = {one.key: one for one in (BUILD, LINT, TEST, SHIP)}
    assert waterfall.way(jobs, NEEDS, 140) == {'ship', 'lint'}


def test_a_circle_of_needs_ends() -> None:
    jobs = {one.key: one for one in (BUILD, TEST)}
    assert waterfall.way(jobs, {'build': ['test'], 'test': ['build']}, 140) == {'build', 'test'}


def test_bars_stand_where_their_time_is() -> None:
    made = waterfall.make([BUILD, LINT, TEST, SHIP], {'test': 110.0}, NEEDS, 140)
    rows = {row.key: row for row in made.rows}
    assert [row.key for row in made.rows] == ['build', 'lint', 'test', 'ship']
    assert (rows['test'].queued, rows['test'].start, rows['test'].length) == (250, 300, 250)
    assert [(part.start, part.length) for part in rows['build'].parts] == [(0, 100), (100, 150)]
    assert (made.whole, made.waiting, made.path) == (40, 2, 40)
    assert made.ticks[-1] == '40.0s'


def test_a_run_of_which_nothing_has_begun_has_no_rows() -> None:
    assert waterfall.make([Job('a', 'a', 'queued')], {}, {}, 1.0).rows == ()


def test_the_picture_is_well_formed_whatever_a_step_is_called() -> None:
    one = job('x', 1, 2, (1, 2))
    one.steps[1].name = '"><script>alert(1)</script>'
    (row,) = waterfall.make([one], {}, {}, 2).rows
    drawn = ElementTree.fromstring(waterfall.svg(row, '/runs/1/jobs/x?a=1&b="2"'))
    assert drawn.get('viewBox') == '0 0 1000 18'
    assert all(each.tag != 'script' for each in drawn.iter())
