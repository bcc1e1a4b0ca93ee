"""The first process inside a sandbox: it starts what the host asks for, and tells how that ended.

It runs by itself, from its text, under whatever Python carries Liftlock out: nothing of Liftlock
can be imported, and nothing large of the standard library should be (`socket`, `signal` and
`subprocess` together would double the time in which a sandbox starts).

Being process 1 it cannot be stopped or killed from inside, everything that is left behind becomes
its child, and everything ends with it. It ends when the host closes its side of the socket.

Packets from the host, with the descriptors that go with them:

    run ID       request, output[, one more]   the request is (arguments, environment, directory)
    signal ID N
    kill ID                                    the whole process group, also when it has ended
    forget ID
    listen PORT                                0 = any
    sweep                                      kill all that was left behind

and to it:

    ready                        [the root directory]
    ended ID STATUS              128 + N when killed by signal N
    failed ID ERRNO WHERE        it could not be started: WHERE is `cwd` or `exec`
    listening ERRNO              [the socket]
    swept [PID NAME LF …]
"""

# Paths are texts here, and modules are the C ones beneath those that are too large.
# ruff: noqa: PTH112, PTH123, PTH208, SIM105

import _signal  # type: ignore[import-not-found]
import _socket
import errno
import marshal
import os
import select
import sys
from array import array

_LARGEST = 1 << 16  # bytes of a packet
_DESCRIPTORS = 3  # that come with a packet at most
_MORE = 3  # as which a process finds the third of them
_BACKLOG = 128
_OOM_SCORE = b'500'  # when memory runs out, the job is to go before anybody else
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_CAPBSET_DROP = 1, 4, 24
_CAPABILITIES = 64
_IGNORED = (_signal.SIGPIPE, _signal.SIGXFSZ)  # by Python, which is not to be inherited
_SHOWN = 200  # processes that are named when they are swept away


class Inner:
    def __init__(self, host: '_socket.socket') -> None:
        self.host = host
        self.processes: dict[int, int] = {}  # id -> process
        self.running: dict[int, int] = {}  # and back, while it runs
        self.nothing = os.open('/dev/null', os.O_RDONLY | os.O_CLOEXEC)
        while os.dup(self.nothing) < _MORE:  # nothing of ours is to stand in its place
            pass

    def serve(self) -> None:
        """Until the host hangs up."""
        woken, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        _signal.signal(_signal.SIGCHLD, lambda number, frame: None)
        _signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self.host.fileno(), select.POLLIN)
        poll.register(woken, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if woken in ready:
                _drain(woken)
                self.reap()
            if self.host.fileno() in ready and not self.listen_once():
                return

    def listen_once(self) -> bool:
        data, extra, _, _ = self.host.recvmsg(
            _LARGEST, _socket.CMSG_SPACE(4 * _DESCRIPTORS), _socket.MSG_CMSG_CLOEXEC
        )
        if not data:
            return False
        descriptors = array('i')
        for _, _, carried in extra:
            descriptors.frombytes(carried)
        word, *rest = data.decode().split()
        numbers = [int(text) for text in rest]
        try:
            self.obey(word, numbers, list(descriptors))
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def obey(self, word: str, numbers: list[int], descriptors: list[int]) -> None:
        if word == 'run':
            self.run(numbers[0], *descriptors)
        elif word == 'signal':
            self.signal(*numbers)
        elif word == 'kill':
            self.kill(*numbers)
        elif word == 'forget':
            self.processes.pop(numbers[0], None)
        elif word == 'listen':
            self.listen(numbers[0])
        elif word == 'sweep':
            self.sweep()

    def tell(self, text: str, *descriptors: int) -> None:
        rights = (_socket.SOL_SOCKET, _socket.SCM_RIGHTS, array('i', descriptors))
        self.host.sendmsg([text.encode()], [rights] if descriptors else [])

    # --- processes

    def run(self, number: int, request: int, output: int, more: int = -1) -> None:
        """`posix_spawn` costs a quarter of `fork`; all that it cannot do is to change directory."""
        with open(request, 'rb', closefd=False) as file:
            arguments, environment, directory = marshal.load(file)  # noqa: S302 - from the host
        actions = [(os.POSIX_SPAWN_DUP2, source, target)
                   for source, target in ((self.nothing, 0), (output, 1), (output, 2))]  # fmt: skip
        if more >= 0:
            actions.append((os.POSIX_SPAWN_DUP2, more, _MORE))
        where = 'cwd'
        try:
            os.chdir(directory)
            where = 'exec'
            process = os.posix_spawn(
                find(arguments[0], environment),
                arguments,
                environment,
                file_actions=actions,
                setsid=True,
                setsigdef=_IGNORED,
            )
        except OSError as error:
            self.tell(f'failed {number} {error.errno} {where}')
        else:
            self.processes[number] = process
            self.running[process] = number
        finally:
            os.chdir('/')

    def reap(self) -> None:
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not process:
                return
            number = self.running.pop(process, None)
            if number is not None:
                code = os.waitstatus_to_exitcode(status)
                self.tell(f'ended {number} {code if code >= 0 else 128 - code}')

    def signal(self, number: int, signal: int) -> None:
        process = self.processes.get(number)
        if process in self.running:
            os.kill(process, signal)

    def kill(self, number: int) -> None:
        process = self.processes.get(number)
        if process is None:
            return
        try:
            os.killpg(process, _signal.SIGKILL)
        except ProcessLookupError:
            pass

    def sweep(self) -> None:
        """Whatever nobody waits for was left behind. All are killed at once, so that nothing can
        multiply meanwhile."""
        self.reap()
        known = {'1', *map(str, self.running)}
        listed = (entry for entry in os.listdir('/proc') if entry.isdecimal())
        left = {entry: _name(entry) for entry in listed if entry not in known}
        try:
            os.kill(-1, _signal.SIGKILL)
        except ProcessLookupError:
            pass
        shown = list(left.items())[:_SHOWN]
        self.tell('swept ' + ''.join(f'{process} {name}\n' for process, name in shown))

    # --- the network of the sandbox

    def listen(self, port: int) -> None:
        """Sockets belong to the network in which they are made, whoever accepts from them."""
        try:
            listener = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
            listener.setsockopt(_socket.SOL_SOCKET, _socket.SO_REUSEADDR, 1)
            listener.bind(('127.0.0.1', port))
            listener.listen(_BACKLOG)
        except OSError as error:
            self.tell(f'listening {error.errno}')
            return
        self.tell('listening 0', listener.fileno())
        listener.close()


def find(program: bytes, environment: dict[bytes, bytes]) -> bytes:
    """Where it stands. Raises OSError, as trying to run it would."""
    if b'/' in program:
        return program
    number = errno.ENOENT
    for folder in environment.get(b'PATH', os.fsencode(os.defpath)).split(b':'):
        path = (folder or b'.') + b'/' + program
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            return path
        if os.access(path, os.F_OK):
            number = errno.EACCES
    raise OSError(number, os.strerror(number))


def _drain(descriptor: int) -> None:
    try:
        while os.read(descriptor, 512):
            pass
    except BlockingIOError:
        pass


def _name(process: str) -> str:
    try:
        with open(f'/proc/{process}/comm', encoding='utf-8', errors='replace') as file:
            return ' '.join(file.read().split())
    except OSError:
        return ''


def give_up(user: int, group: int, processes: int, file_size: int) -> None:
    """Be nobody in particular, if we are root, and nothing that others inside can look into."""
    import ctypes
    import resource

    for kind, most in ((resource.RLIMIT_NPROC, processes), (resource.RLIMIT_FSIZE, file_size)):
        if most:
            resource.setrlimit(kind, (most, most))
    with open('/proc/self/oom_score_adj', 'wb', buffering=0) as file:
        file.write(_OOM_SCORE)
    library = ctypes.CDLL(None)
    if os.getuid() != user:
        for capability in range(_CAPABILITIES):
            library.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
        os.setgroups([])
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
    library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    library.prctl(_PR_SET_PDEATHSIG, int(_signal.SIGKILL), 0, 0, 0)  # undone by a change of user


def main() -> None:
    descriptor, *terms = map(int, sys.argv[1:6])
    os.set_inheritable(descriptor, False)
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)  # so that nobody inside can send it either
    give_up(*terms)
    inner = Inner(_socket.socket(fileno=descriptor))
    root = os.open('/', os.O_PATH | os.O_CLOEXEC)
    inner.tell('ready', root)
    os.close(root)
    inner.serve()


if __name__ == '__main__':
    main()
