"""A service on Amazon ECS, updated by its own rolling deployment."""

from liftlock.targets.ecs.target import Ecs as Ecs
