"""Labels and annotations by which Liftlock knows what is its own, and names of what it creates."""

import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

Doc: TypeAlias = dict[str, Any]  # an object of Kubernetes, as JSON has it

ENVIRONMENT: Final = 'liftlock.dev/environment'  # label: of everything that we created
REVISION: Final = 'liftlock.dev/revision'  # label of pods; annotation of what is updated in place
SERVING: Final = 'liftlock.dev/serving'  # label of pods that share a Service's traffic
ROUTES: Final = 'liftlock.dev/routes'  # annotation: what the router was told last
VARIABLES: Final = 'liftlock.dev/variables'  # annotation: variables that we set in containers
VERSION: Final = 'liftlock.dev/version'  # annotation, for people
CAUSE: Final = 'kubernetes.io/change-cause'  # what `kubectl rollout history` shows
OURS: Final = (ENVIRONMENT, REVISION, SERVING)

LONGEST: Final = 63  # of a label's value, and of most names


def label(text: str) -> str:
    """A text as the value of a label: what may not stand in one becomes a dash."""
    return re.sub(r'[^A-Za-z0-9._-]+', '-', text)[:LONGEST].strip('-._') or 'x'


def object_name(text: str) -> str:
    """A text as the name of an object: lower case, digits and dashes."""
    return re.sub(r'[^a-z0-9]+', '-', text.lower())[:LONGEST].strip('-') or 'x'


def of_revision(name: str, revision: str) -> str:
    """shop-r12. A long name is cut, never the revision."""
    return f'{name[: LONGEST - len(revision) - 1].rstrip("-.")}-{revision}'


def selector(labels: Mapping[str, str]) -> str:
    """As `kubectl --selector` wants it."""
    return ','.join(f'{key}={value}' for key, value in labels.items())


def annotation(doc: Doc, key: str) -> str:
    return str((doc.get('metadata', {}).get('annotations') or {}).get(key, ''))


def labelled(doc: Doc, key: str) -> str:
    return str((doc.get('metadata', {}).get('labels') or {}).get(key, ''))


def identity(doc: Doc) -> str:
    """Deployment/shop"""
    return f'{doc.get("kind", "?")}/{doc.get("metadata", {}).get("name", "?")}'
