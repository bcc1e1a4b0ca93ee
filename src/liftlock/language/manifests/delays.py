"""How long versions are kept that have no traffic any more."""

from typing import Final

from liftlock.language.manifests.draft import Tree
from liftlock.language.manifests.part import ASSUMED, UNSUPPORTED, Part

FOR_EVER: Final = 315_360_000  # ten years, where Argo's 0 means never
DELAYS: Final = ('scaleDownDelaySeconds', 'abortScaleDownDelaySeconds')


def read(part: Part) -> Tree:
    made: Tree = {key: part.whole(key) for key in DELAYS}
    if made['abortScaleDownDelaySeconds'] == 0:
        message = 'with Argo, abortScaleDownDelaySeconds: 0 means never: ten years are written'
        part.tell('abortScaleDownDelaySeconds', ASSUMED, message)
        made['abortScaleDownDelaySeconds'] = FOR_EVER
    limit = part.whole('scaleDownDelayRevisionLimit')
    if limit not in (None, 1):
        message = 'one old version is kept, whatever scaleDownDelayRevisionLimit says'
        part.tell('scaleDownDelayRevisionLimit', UNSUPPORTED, message)
    return made
