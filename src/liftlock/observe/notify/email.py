"""E-mail, by SMTP. A password is never sent without TLS."""

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Final

from liftlock.language.records import NamedTuple
from liftlock.observe.http import explain
from liftlock.observe.notify.notice import Notice, Undelivered

TIMEOUT: Final = 20.0  # seconds for one answer
TLS: Final = 465  # the port on which TLS comes first
PLAIN: Final = 587


class Server(NamedTuple):
    host: str
    port: int = PLAIN
    user: str = ''
    password: str = ''


def server(address: str, user: str = '', password: str = '') -> Server:
    """Of `host`, `host:port` or `[::1]:port`. Raises ValueError."""
    host, colon, port = address.rpartition(':')
    if not colon or ']' in port:
        host, port = address, str(PLAIN)
    if not port.isdigit():
        raise ValueError(f'"{address}" is no host:port')
    return Server(host.strip('[]') or 'localhost', int(port), user, password)


def document(notice: Notice, sender: str, to: Sequence[str]) -> EmailMessage:
    mail = EmailMessage()
    mail['Subject'] = one_line(f'[{notice.mark}] {notice.title}')
    mail['From'] = sender
    mail['To'] = ', '.join(to)
    mail['Date'] = format_datetime(datetime.fromtimestamp(notice.at, UTC))
    mail['Message-ID'] = make_msgid(domain='liftlock.invalid')
    mail['Auto-Submitted'] = 'auto-generated'
    lines = (notice.text, '', notice.time, notice.url)
    mail.set_content('\n'.join(lines).rstrip() + '\n')
    return mail


def one_line(text: str) -> str:
    return ' '.join(text.split())


async def send(where: Server, notice: Notice, sender: str, to: Sequence[str]) -> None:
    mail = document(notice, sender, to)
    try:
        await asyncio.to_thread(_send, where, mail)
    except smtplib.SMTPException as error:
        raise Undelivered(f'{where.host}: {_said(error)}') from None
    except OSError as error:
        raise Undelivered(explain(error, f'{where.host}:{where.port}')) from None


def _send(where: Server, mail: EmailMessage) -> None:
    context = ssl.create_default_context()
    if where.port == TLS:
        with smtplib.SMTP_SSL(where.host, where.port, timeout=TIMEOUT, context=context) as secure:
            _hand_over(secure, where, mail)
        return
    with smtplib.SMTP(where.host, where.port, timeout=TIMEOUT) as plain:
        plain.ehlo()
        if plain.has_extn('starttls'):
            plain.starttls(context=context)
        elif where.password:
            raise Undelivered(f'{where.host} offers no TLS, and a password is not sent without')
        _hand_over(plain, where, mail)


def _hand_over(connection: smtplib.SMTP, where: Server, mail: EmailMessage) -> None:
    if where.password:
        connection.login(where.user, where.password)
    refused = connection.send_message(mail)
    if refused:
        raise Undelivered(f'{where.host} refuses {", ".join(refused)}')


def _said(error: smtplib.SMTPException) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f'it refuses {", ".join(error.recipients)}'
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error
        said = text.decode('utf-8', 'replace') if isinstance(text, bytes) else str(text)
        return f'{error.smtp_code} {said}'
    return str(error)
