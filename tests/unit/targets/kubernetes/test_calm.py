import asyncio

from liftlock.rollout.sight import Instance, Sight
from liftlock.targets.kubernetes.calm import Calm


class Scene:
    """A place that is looked at each second, and how often that was."""

    def __init__(self) -> None:
        self.now = 100.0
        self.looks = 0
        self.sight = Sight((Instance('a', 'r1', alive=True),))
        self.calm = Calm(lambda: self.now)

    async def take(self) -> Sight:
        self.looks += 1
        used = self.sight.instances[0]._replace(cpu=float(self.looks))
        return self.sight._replace(instances=(used,))

    def seconds(self, number: int) -> int:
        before = self.looks
        for _ in range(number):
            self.now += 1
            asyncio.run(self.calm.look(self.take))
        return self.looks - before


def test_where_nothing_changes_fewer_looks_are_taken() -> None:
    scene = Scene()
    assert scene.seconds(30) == 30
    assert scene.seconds(50) == 10, 'whatever CPU and memory do'


def test_a_change_is_seen_within_a_pause_and_then_followed_closely() -> None:
    scene = Scene()
    scene.seconds(60)
    scene.sight = scene.sight._replace(message='ImagePullBackOff')
    assert scene.seconds(10) >= 6


def test_whoever_changes_something_looks_at_once() -> None:
    scene = Scene()
    scene.seconds(60)
    scene.calm.wake()
    assert scene.seconds(20) == 20
