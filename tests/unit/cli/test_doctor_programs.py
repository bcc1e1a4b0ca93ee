import pytest

from liftlock.cli.doctor.programs import called, installed


@pytest.mark.parametrize(
    ('script', 'expected'),
    [
        ('aws s3 cp a b', ['aws']),
        ('echo aws; kubectl get pods | jq .', ['kubectl', 'jq']),
        ('if helm version; then sudo -E docker ps; fi', ['helm', 'sudo', 'docker']),
        ('A=1 B=2 terraform apply && ! gh pr list', ['terraform', 'gh']),
        ('docker compose up -d\ndocker-compose down',
         ['docker compose', 'docker', 'docker-compose']),
        ('x="$(aws sts get-caller-identity)" # kubectl', ['aws']),
        ('echo "run make; then go"', []),
        ("python -c 'import os; make'", ['python']),
        ('cat <<EOF > x\nkubectl apply\nEOF\nbc', ['bc']),
        ("cat <<-'END'\n  helm x\n  END\njq", ['jq']),
        ('# make\nmake \\\n  test', ['make']),
        ('for f in $(psql -l); do nc -z $f; done', ['psql', 'nc']),
        ('./make.sh; /usr/bin/jq; makefoo', []),
    ],
)  # fmt: skip
def test_programs_that_begin_a_command_are_found(script: str, expected: list[str]) -> None:
    assert list(called(script)) == expected


def test_what_a_script_installs_it_need_not_find() -> None:
    assert installed('sudo apt-get install -y jq postgresql-client') == {'jq', 'psql', 'pg_isready'}
    assert installed('pip install awscli poetry==1.8') == {'aws', 'poetry'}
    assert installed('echo jq') == set()
