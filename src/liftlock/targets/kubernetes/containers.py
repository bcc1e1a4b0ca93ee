"""Containers of a pod: which one is meant, and how it gets its image and its variables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from liftlock.language.image import parse
from liftlock.language.records import NamedTuple
from liftlock.rollout.trouble import Trouble
from liftlock.targets.kubernetes.names import Doc

SPECS: Final = {  # where the template of pods stands
    'Deployment': ('spec', 'template'),
    'StatefulSet': ('spec', 'template'),
    'DaemonSet': ('spec', 'template'),
    'ReplicaSet': ('spec', 'template'),
    'Rollout': ('spec', 'template'),
    'Job': ('spec', 'template'),
    'CronJob': ('spec', 'jobTemplate', 'spec', 'template'),
}


class Content(NamedTuple):
    """What a container gets. `variables` are plain; `secrets` name keys of the Secret object."""

    image: str = ''
    variables: Mapping[str, str] = {}
    secrets: tuple[str, ...] = ()
    secret: str = ''  # the name of the Secret


def template(doc: Doc) -> Doc | None:
    """The template of its pods; None where an object has none."""
    found = doc
    for key in SPECS.get(doc.get('kind', ''), ('',)):
        found = found.get(key) or {}
    return found or None


def choose(doc: Doc, container: str, image: str) -> Doc | None:
    """The container that is meant: by its name, else by its image's repository, else the only one.

    Raises Trouble where the name is none of them.
    """
    all_of_them: Sequence[Doc] = ((template(doc) or {}).get('spec') or {}).get('containers') or []
    if container:
        return next((one for one in all_of_them if one.get('name') == container), None)
    alike = [one for one in all_of_them if same_repository(str(one.get('image', '')), image)]
    if len(alike) == 1:
        return alike[0]
    return all_of_them[0] if len(all_of_them) == 1 else None


def none_meant(docs: Iterable[Doc], container: str) -> Trouble:
    names = sorted(
        str(one.get('name'))
        for doc in docs
        for one in ((template(doc) or {}).get('spec') or {}).get('containers') or []
    )
    listed = f'there are: {", ".join(names)}' if names else 'nothing here has containers'
    if container:
        return Trouble(f'there is no container "{container}"', listed)
    return Trouble('it is not clear which container gets the image', f'say container: …; {listed}')


def same_repository(one: str, other: str) -> bool:
    """Whether two images differ in tag and digest only. The registry counts."""
    first, second = parse(one), parse(other)
    return bool(first and second and first.name == second.name)


def fill(container: Doc, content: Content) -> None:
    """Change the container. A variable of ours replaces one of the same name, however it was made;
    the others stay, and keep their order."""
    if content.image:
        container['image'] = content.image
    entries = environment(content)
    if entries:
        ours = {entry['name']: entry for entry in entries}
        kept = [one for one in container.get('env') or [] if one.get('name') not in ours]
        container['env'] = [*kept, *entries]


def environment(content: Content) -> list[Doc]:
    """`env:` of a container. Secrets are named, never written down."""
    plain: list[Doc] = [
        {'name': name, 'value': value} for name, value in sorted(content.variables.items())
    ]
    return [
        *plain,
        *(
            {
                'name': name,
                'valueFrom': {'secretKeyRef': {'name': content.secret, 'key': name}},
            }
            for name in sorted(content.secrets)
        ),
    ]


def runs(docs: Iterable[Doc], image: str) -> bool:
    """Whether any container among the objects has exactly this image."""
    return any(
        one.get('image') == image
        for doc in docs
        for one in ((template(doc) or {}).get('spec') or {}).get('containers') or []
    )
