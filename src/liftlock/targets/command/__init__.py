"""A place that the user's own commands deploy to."""

from liftlock.targets.command.target import Command as Command
