"""A server of SMTP that keeps what it is given; with a certificate it does TLS, and then log-in."""

import base64
import contextlib
import socketserver
import ssl
import threading
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Mailbox:
    """`refused` are recipients that it does not know."""

    def __init__(self, certificate: Path | None = None, *, refused: tuple[str, ...] = ()) -> None:
        self.mails: list[str] = []
        self.logins: list[str] = []
        self.certificate = certificate
        self.refused = refused
        mailbox = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(ConnectionError, ssl.SSLError):
                    Talk(mailbox, self).hold()

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = False

        self._server = Server(('127.0.0.1', 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def address(self) -> str:
        return f'127.0.0.1:{self._server.server_address[1]}'

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Talk:
    def __init__(self, mailbox: Mailbox, handler: Any) -> None:
        self._mailbox = mailbox
        self._socket = handler.request
        self._file = handler.rfile
        self._secure = False

    def hold(self) -> None:
        self._say('220 here')
        while line := self._file.readline().decode().strip():
            word = line.split()[0].upper()
            if word == 'QUIT':
                self._say('221 bye')
                break
            getattr(self, f'_{word.lower()}', self._fine)(line)
        if self._secure:
            self._file.close()
            self._socket.close()

    def _say(self, line: str) -> None:
        self._socket.sendall(f'{line}\r\n'.encode())

    def _fine(self, line: str) -> None:
        self._say('250 fine')

    def _ehlo(self, line: str) -> None:
        tls = self._mailbox.certificate
        extra = 'AUTH PLAIN' if self._secure else 'STARTTLS' if tls else '8BITMIME'
        self._say(f'250-hello\r\n250 {extra}')

    def _starttls(self, line: str) -> None:
        self._say('220 go on')
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(str(self._mailbox.certificate))
        self._socket = context.wrap_socket(self._socket, server_side=True)
        self._file = self._socket.makefile('rb')
        self._secure = True

    def _auth(self, line: str) -> None:
        _, user, password = base64.b64decode(line.split()[2]).decode().split('\0')
        self._mailbox.logins.append(f'{user}:{password}')
        self._say('235 welcome' if password == 'right' else '535 wrong password')

    def _rcpt(self, line: str) -> None:
        unknown = any(one in line for one in self._mailbox.refused)
        self._say('550 nobody of that name' if unknown else '250 fine')

    def _data(self, line: str) -> None:
        self._say('354 go on')
        lines = []
        while (text := self._file.readline().decode()) != '.\r\n':
            lines.append(text)
        self._mailbox.mails.append(''.join(lines))
        self._say('250 kept')


def certificate(path: Path) -> Path:
    """Of 127.0.0.1, with its key, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'mail')])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address('127.0.0.1'))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
