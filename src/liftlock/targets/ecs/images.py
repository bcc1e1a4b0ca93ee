"""Which image a version is: pinned by its digest, so that it stays what it is."""

from collections.abc import Iterator

from liftlock.language.settings import model
from liftlock.rollout.trouble import Trouble
from liftlock.rollout.version import Version
from liftlock.targets.ecs.account import Account
from liftlock.targets.ecs.references import PINNED, Place, find_place, repository


async def find(account: Account, settings: model.Ecs, version: Version) -> str:
    """The version's own, or the one that is tagged with its commit or name in the repository
    `image:`. Raises Trouble."""
    if PINNED.fullmatch(version.image):
        return version.image
    if not version.image and not settings.image:
        raise Trouble(
            f'{version.name} has no image',
            'Deploy an image with its digest, or say under `image:` in which repository the image '
            'is found that has the commit as its tag',
        )
    tried = list(candidates(settings, version))
    for reference in tried:
        place = find_place(reference)
        if place is None:
            raise Trouble(
                f'{reference} names no digest, so it may be something else tomorrow',
                'Give the image as name@sha256:…; only for repositories on Amazon ECR does '
                'Liftlock look the digest up',
            )
        if digest := await _look_up(account, place):
            return f'{repository(reference)}@{digest}'
    raise Trouble(
        f'there is no image of {version.name} on ECR: none of {", ".join(tried)}',
        'Push the image first, tagged with the commit',
    )


def candidates(settings: model.Ecs, version: Version) -> Iterator[str]:
    if version.image:
        yield version.image
        return
    for tag in dict.fromkeys((version.commit, version.name, version.commit[:7])):
        if tag:
            yield f'{settings.image}:{tag}'


async def _look_up(account: Account, place: Place) -> str:
    """'' if there is no image with that tag."""
    told = await account.call(
        'ecr', 'batch_get_image', place=place.region, registryId=place.account,
        repositoryName=place.name, imageIds=[{'imageTag': place.tag or 'latest'}],
    )  # fmt: skip
    images = told.get('images') or []
    return str(images[0]['imageId'].get('imageDigest', '')) if images else ''
