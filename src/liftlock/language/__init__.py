"""Text in, workflow and diagnostics out. Knows no run, no runner and no clock. Pure."""

from liftlock.language import libyaml

libyaml.put_in_place()  # before a module of this room imports from yaml
