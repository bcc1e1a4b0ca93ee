"""From YAML nodes to the nouns of a workflow or an action, with every mistake on the way."""
