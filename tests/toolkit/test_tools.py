"""`@actions/tool-cache`, as setup actions use it, fetching from what is served."""

import io
import zipfile

import pytest

from toolkit.stage import Clients, Stage


@pytest.mark.parametrize('generation', ['', 'latest'])
def test_a_tool_is_fetched_from_a_signed_address_and_found_again(
    stage: Stage, clients: Clients, generation: str
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, 'w') as archive:
        archive.writestr('bin/tool', 'echo tool')
    job = stage.job()
    assert job.upload('tool', packed.getvalue()).status == 200
    url = job.call('ArtifactService', 'GetSignedArtifactURL', name='tool').json['signed_url']
    (found,) = clients.run(job, ('install', [url, 'tool', '1.2.3']), generation=generation)
    tool = clients.workspace / 'tools' / 'tool' / '1.2.3' / 'x64'
    assert found == str(tool)
    assert (tool / 'bin' / 'tool').read_text() == 'echo tool'
    assert tool.with_name('x64.complete').exists()
