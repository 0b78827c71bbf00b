"""A mail server for the tests: takes mail, keeps none, and prints what it took.

The first line on standard output is a JSON object with the ports it listens on, one for each way of connecting. Every
further line is one message as a JSON object. Its certificates are written to the file named as its argument, if one is.
What it answers depends on the receiver's name before the `@`:
`gone` is refused for good, `later` for now, everybody else's mail is taken.
"""

import asyncio
import datetime
import email
import email.policy
import ipaddress
import json
import logging
import os
import ssl
import sys
import tempfile
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# Tests that mean to fail would fill the output with what the library thinks of them.
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")

USER, PASSWORD = b"sink", b"pass word"


def tls_context(names: list[x509.GeneralName]) -> tuple[ssl.SSLContext, bytes]:
    """A certificate nobody has reason to trust, unless told so."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(names[0].value))])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        file.write(certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file.name)
    os.unlink(file.name)
    return context, certificate.public_bytes(serialization.Encoding.PEM)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        local = address.split("@")[0]
        if local == "gone":
            return "550 5.1.1 nobody of that name"
        if local == "later":
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        parts = {
            part.get_content_type(): {
                "text": part.get_content().replace("\r\n", "\n"),
                "charset": part.get_content_charset(),
                "encoding": part["content-transfer-encoding"],
            }
            for part in message.walk()
            if not part.is_multipart()
        }
        say(
            {
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "encrypted": session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None,
                "user": session.auth_data.login.decode() if session.auth_data else None,
                "headers": {name.lower(): str(value) for name, value in message.items()},
                "types": [part.get_content_type() for part in message.walk()],
                "parts": parts,
            }
        )
        return "250 2.0.0 taken"


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER, PASSWORD)
    return AuthResult(success=right, handled=right, auth_data=data)


def say(value) -> None:
    print(json.dumps(value), flush=True)


async def main() -> None:
    loop = asyncio.get_running_loop()
    here = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    context, certificate = tls_context(here)
    elsewhere, other = tls_context([x509.DNSName("mail.elsewhere.example")])
    if len(sys.argv) > 1:
        with open(sys.argv[1], "wb") as file:
            file.write(certificate + other)
    auth = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    ways = {
        "plain": ({}, None),
        "starttls": ({"tls_context": context, "require_starttls": True}, None),
        "tls": ({}, context),
        "tls_elsewhere": ({}, elsewhere),
        "auth": (auth, None),
        "auth_login": ({**auth, "auth_exclude_mechanism": ["PLAIN"]}, None),
    }
    ports = {}
    for way, (options, tls) in ways.items():
        make = lambda options=options: SMTP(Handler(), hostname="sink.example", loop=loop, **options)
        server = await loop.create_server(make, "127.0.0.1", 0, ssl=tls)
        ports[way] = server.sockets[0].getsockname()[1]
    say(ports)
    # Whoever started it holds the other end of standard input: no sink outlives its test.
    await loop.run_in_executor(None, sys.stdin.read)
    os._exit(0)


asyncio.run(main())
