"""What a page tells of a deployment."""

from liftlock.rollout import facts as f
from liftlock.server.story import told


def stamped(at: int, fact: f.Fact) -> f.Stamped:
    return f.Stamped(at, 1, float(at), fact)


def measured(at: int, analysis: str, phase: str, message: str) -> f.Stamped:
    return stamped(at, f.Measured(1, 'background', analysis, phase, message=message))


def test_measurements_are_told_once_until_something_else_happens() -> None:
    story = told(
        [
            measured(1, 'errors', 'successful', '1 of 90'),
            measured(1, 'latency', 'inconclusive', 'no requests'),
            measured(2, 'errors', 'successful', '3 of 95'),
            measured(2, 'latency', 'inconclusive', 'no requests'),
            stamped(3, f.Paused(1, 'step 2')),
            measured(4, 'errors', 'successful', '0 of 99'),
        ],
        1,
    )
    assert [(one.at, one.text, one.times) for one in story] == [
        (2.0, 'errors successful: 3 of 95', 2),
        (2.0, 'latency inconclusive: no requests', 2),
        (3.0, 'Paused: step 2', 1),
        (4.0, 'errors successful: 0 of 99', 1),
    ]


def test_what_failed_is_told_beside_what_succeeded() -> None:
    phases = ('successful', 'failed', 'successful')
    story = told([measured(at, 'errors', one, 'x') for at, one in enumerate(phases)], 1)
    assert [(one.kind, one.times) for one in story] == [('bad', 1), ('good', 2)]
