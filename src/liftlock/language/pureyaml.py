"""YAML without libyaml: where it is missing, or refuses an anchor that is defined twice."""

from typing import Any

import yaml
from yaml.nodes import Node


class Pure(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer):
    """Composes; `resolve` and its sisters come from a class beside this one."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
        yaml.composer.Composer.__init__(self)

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if not isinstance(event, yaml.events.AliasEvent):
            self.anchors.pop(event.anchor, None)
        return super().compose_node(parent, index)
