"""What is to be applied, made from a version's files: manifests, a kustomization, or a chart."""

import asyncio
import json
import re
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from liftlock.language.expressions.errors import ExpressionError
from liftlock.language.expressions.grammar import Known
from liftlock.language.expressions.text import split
from liftlock.language.expressions.values import Scope, Value, to_text
from liftlock.language.image import parse
from liftlock.language.settings import model
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Revision
from liftlock.targets.kubernetes import commands, documents, shape
from liftlock.targets.kubernetes.documents import Wanted
from liftlock.targets.kubernetes.names import Doc
from liftlock.targets.kubernetes.place import Place

SUFFIXES: Final = ('.yaml', '.yml', '.json')  # those that kubectl reads in a directory
NAMES: Final = frozenset({'version', 'environment', 'vars', 'secrets'})


@asynccontextmanager
async def files(place: Place, revision: Revision) -> AsyncIterator[Path]:
    """A directory with the version's files, as long as they are needed."""
    place.directory.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.directory, prefix='tree-') as name:
        await place.lay(revision.version, Path(name))
        yield Path(name)


async def render(place: Place, revision: Revision) -> list[Doc]:
    """The objects, marked and filled, as they are to be applied. Of a chart: only to look at."""
    async with files(place, revision) as tree:
        docs = await _read(place, revision, tree)
    marked = documents.mark(docs, place.marks(revision), place.namespace)
    if place.target.helm is None:
        for doc in documents.fill(marked, wanted(place, revision)):
            doc['spec'] |= shape.spec(place.shape, doc['kind'])
    return marked


def wanted(place: Place, revision: Revision) -> Wanted:
    target = place.target
    return Wanted(
        target.deployment or target.rollout,
        target.container,
        target.image,
        documents.content(place.name, revision),
    )


async def _read(place: Place, revision: Revision, tree: Path) -> list[Doc]:
    target, client = place.target, place.client
    if target.kustomize:
        where = inside(tree, target.kustomize)
        text = await client.run(commands.kustomize(client.cluster, str(where)))
        return documents.read(text, target.kustomize)
    if target.helm:
        text = await template(place, target.helm, revision, tree)
        return documents.read(text, target.helm.chart)
    return await asyncio.to_thread(manifests, tree, target.manifests)


def manifests(tree: Path, patterns: Iterable[str]) -> list[Doc]:
    """Files and directories, in this order; of a directory what kubectl would read."""
    docs: list[Doc] = []
    for pattern in patterns:
        place = inside(tree, pattern)
        found = (
            sorted(one for one in place.iterdir() if one.suffix in SUFFIXES)
            if (place.is_dir())
            else [place]
        )
        for path in found:
            docs += documents.read(path.read_text(), str(path.relative_to(tree)))
    return docs


def inside(tree: Path, name: str) -> Path:
    path = tree / name
    if not path.exists():
        raise Trouble(
            f'this version has no {name}', 'correct the path in liftlock.yml, or commit it'
        )
    return path


# --- charts


async def template(place: Place, helm: model.Helm, revision: Revision, tree: Path) -> str:
    release, chart, files = chart_words(place, helm, tree)
    command = commands.template(place.client.cluster, release, chart, files)
    return await place.client.run(command, json.dumps(values(helm, place, revision)))


def chart_words(place: Place, helm: model.Helm, tree: Path) -> tuple[str, str, list[str]]:
    """Release, chart and values files. A chart of a registry (oci://…) is no directory."""
    chart = helm.chart if '://' in helm.chart else str(inside(tree, helm.chart))
    return place.name, chart, [str(inside(tree, name)) for name in helm.values]


def values(helm: model.Helm, place: Place, revision: Revision) -> Doc:
    """What goes to the chart besides its files: the image, and what `set` says.

    Without a word about an image, the two that most charts have: `image.repository` and
    `image.tag`, the tag with the digest behind it, as `repository:tag` then names the digest.
    """
    made: Doc = {'liftlock': {'revision': revision.name, 'environment': place.label}}
    if revision.secrets or revision.env:
        made['liftlock']['secret'] = documents.content(place.name, all_hidden(revision)).secret
    told = any(re.search('image', key, re.IGNORECASE) for key in helm.set)
    if revision.version.image and not told:
        made['image'] = dict(
            zip(('repository', 'tag'), halves(revision.version.image), strict=True)
        )
    known = contexts(place, revision)
    for key, text in helm.set.items():
        put(made, key, fill(text, known))
    return made


def all_hidden(revision: Revision) -> Revision:
    """A chart gets all variables by one Secret: nobody else knows where its `env` stands."""
    return revision._replace(secrets=tuple(sorted(revision.env)))


def halves(image: str) -> tuple[str, str]:
    """ghcr.io/a/b:1@sha256:… is ghcr.io/a/b and 1@sha256:…"""
    found = parse(image)
    if found is None:
        raise Trouble(f'"{image}" is no image')
    tag = found.tag or ('latest' if not found.digest else 'pinned')
    return found.name, f'{tag}@{found.digest}' if found.digest else tag


def contexts(place: Place, revision: Revision) -> dict[str, Value]:
    version = revision.version
    hidden: dict[str, Value] = {name: revision.env[name] for name in revision.secrets}
    return {
        'version': {
            'name': version.name,
            'id': version.id,
            'commit': version.commit,
            'ref': version.ref,
            'image': version.image,
        },
        'environment': {'name': place.label},
        'vars': {name: text for name, text in revision.env.items() if name not in hidden},
        'secrets': hidden,
    }


def fill(text: str, known: dict[str, Value]) -> str:
    expression = split(text, Known(NAMES))
    if isinstance(expression, str):
        return expression
    if isinstance(expression, list):
        raise Trouble(f'"{text}": {expression[0].message}')
    try:
        return to_text(expression.evaluate(Scope(known)))
    except ExpressionError as error:
        raise Trouble(f'"{text}": {error}') from None


def put(made: Doc, key: str, text: str) -> None:
    """`backend.replicas: 3` into a tree of values. A dot inside a name is written `\\.`"""
    *path, last = (part.replace('\\.', '.') for part in re.split(r'(?<!\\)\.', key))
    at = made
    for part in path:
        below = at.setdefault(part, {})
        if not isinstance(below, dict):
            raise Trouble(f'helm.set: {key} lies below a value')
        at = below
    at[last] = typed(text)


def typed(text: str) -> Any:
    """As `helm --set` reads it: whole numbers, true, false and null are what they look like."""
    if re.fullmatch(r'-?(0|[1-9]\d{0,17})', text):
        return int(text)
    return {'true': True, 'false': False, 'null': None}.get(text, text)
