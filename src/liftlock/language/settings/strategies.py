"""`strategy:` of an environment, in Argo Rollouts' words."""

from typing import Final

from liftlock.language.settings import model
from liftlock.language.settings.shapes import (
    NAMES,
    TEXT,
    Duration,
    Field,
    Flag,
    Items,
    Kinds,
    Record,
    Share,
    Whole,
)

SCALE_DOWN: Final = {
    'scaleDownDelaySeconds': Field(Whole(), 'How long the old version is kept, ready to go back.'),
    'abortScaleDownDelaySeconds': Field(Whole(), 'The same for a version that was taken back.'),
}
BLUE_GREEN: Final = Record(
    model.BlueGreen,
    SCALE_DOWN
    | {
        'autoPromotionEnabled': Field(Flag(), 'false: somebody has to promote.'),
        'autoPromotionSeconds': Field(Whole(), 'Promote after so long.'),
        'previewReplicaCount': Field(Whole(1), 'Instances before the switch.'),
        'prePromotionAnalysis': Field(NAMES, 'Analyses that must succeed before the switch.'),
        'postPromotionAnalysis': Field(NAMES, 'Analyses whose failure takes the switch back.'),
    },
)
HEADER_MATCH: Final = Record(
    lambda header, value: model.HeaderMatch(header, **value),
    {
        'headerName': Field(TEXT, 'The header.', required=True, attribute='header'),
        'headerValue': Field(
            Record(
                dict,
                {kind: Field(TEXT, f'Its value: {kind}.') for kind in ('exact', 'prefix', 'regex')},
                one_of=('exact', 'prefix', 'regex'),
            ),
            'What it must be.',
            required=True,
            attribute='value',
        ),
    },
)
CANARY_STEP: Final = Kinds(
    'step',
    {
        'setWeight': Field(Whole(0, 100), 'Percent of the traffic for the new version.'),
        'pause': Field(
            Record(model.Pause, {'duration': Field(Duration(), 'How long to wait.')}),
            'Wait; without a duration, until somebody promotes.',
        ),
        'analysis': Field(NAMES, 'Analyses that must succeed before the next step.'),
        'setHeaderRoute': Field(
            Record(
                model.SetHeaderRoute,
                {
                    'name': Field(TEXT, 'Its name.', required=True),
                    'match': Field(Items(HEADER_MATCH), 'Headers that a request must have.'),
                },
            ),
            'Send requests with certain headers to the new version.',
        ),
        'setMirrorRoute': Field(
            Record(
                model.SetMirrorRoute,
                {
                    'name': Field(TEXT, 'Its name.', required=True),
                    'percentage': Field(Whole(0, 100), 'Percent of the requests.'),
                },
            ),
            'Send requests to the new version a second time, without using its answers.',
        ),
    },
    make={
        'setWeight': model.SetWeight,
        'analysis': lambda names, span: model.Analyse(names),
    },
)
STRATEGY: Final = Kinds(
    'strategy',
    {
        'direct': Field(Record(model.Direct, {}), 'Stop the old version, start the new one.'),
        'rolling': Field(
            Record(
                model.Rolling,
                {
                    'maxUnavailable': Field(Share(), 'Instances that may be missing meanwhile.'),
                    'maxSurge': Field(Share(), 'Instances that may be there in addition.'),
                },
            ),
            'Replace instances a few at a time.',
        ),
        'blueGreen': Field(BLUE_GREEN, 'Start the new version beside the old one, then switch.'),
        'canary': Field(
            Record(
                model.Canary,
                SCALE_DOWN
                | {
                    'steps': Field(Items(CANARY_STEP), 'What happens, in this order.'),
                    'analysis': Field(NAMES, 'Analyses that run beside all steps.'),
                },
            ),
            'Give the new version more and more of the traffic.',
        ),
    },
    words={'direct': model.Direct(), 'rolling': model.Rolling(), 'blueGreen': model.BlueGreen()},
)
