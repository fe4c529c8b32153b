"""Servers that checks are made against: TLS with certificates that are made for the test, and a name server."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.starting import free_port, servers

ZONE = """\
$ORIGIN shop.test.
@    3600 IN SOA ns.shop.test. admin.shop.test. 1 3600 600 86400 60
@    IN NS ns.shop.test.
@    IN MX 10 mail.shop.test.
ns   IN A 127.0.0.1
api  IN A 192.0.2.7
api  IN A 192.0.2.8
api  IN AAAA 2001:db8::7
www  IN CNAME api.shop.test.
note IN TXT "verified=" "yes"
{many}
"""
MANY = 120
"""Addresses of `many`: too many for a datagram of UDP without EDNS."""


def _openssl(*arguments: str, folder: Path) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


class Authority:
    """A certificate authority of one test session, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate = folder / "ca.pem"
        subject = ("-subj", "/CN=test authority", "-days", "3650", "-keyout", "ca.key", "-out", "ca.pem")
        usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
        _openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject, *usage, folder=folder)

    def issue(self, name: str, names: str, *dates: str) -> tuple[Path, Path]:
        """A certificate of these names (`DNS:a,IP:127.0.0.1`) and its key; `dates` are openssl's words for its end."""
        request = ("-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        _openssl("req", "-newkey", "rsa:2048", "-nodes", *request, folder=self.folder)
        extensions = f"subjectAltName={names}\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n"
        (self.folder / f"{name}.ext").write_text(extensions)
        signing = ("-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", f"{name}.ext", *dates)
        _openssl("x509", "-req", "-in", f"{name}.csr", "-out", f"{name}.pem", *signing, folder=self.folder)
        return self.folder / f"{name}.pem", self.folder / f"{name}.key"


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory, tool: Callable[[str], Path]) -> Authority:
    """The authority whose certificates the servers have."""
    assert tool("openssl").name == "openssl"
    return Authority(tmp_path_factory.mktemp("authority"))


@contextmanager
def tls_server(certificate: Path, key: Path) -> Iterator[int]:
    """The port of a server that shakes hands and hangs up."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    stopped = threading.Event()

    def serve() -> None:
        while not stopped.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            try:
                connection.settimeout(5)
                context.wrap_socket(connection, server_side=True).close()
            except OSError:  # a client that does not trust us
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        stopped.set()
        thread.join()
        listening.close()


@pytest.fixture(scope="session")
def name_server(tool: Callable[[str], Path]) -> Iterator[str]:
    """`ADDRESS:PORT` of a real name server (CoreDNS) that knows the zone `shop.test`."""
    program, port = tool("coredns"), free_port()
    with servers("coredns") as started:
        many = "\n".join(f"many IN A 198.51.100.{number}" for number in range(MANY))
        (started.folder / "zone").write_text(ZONE.format(many=many))
        corefile = started.folder / "Corefile"
        corefile.write_text(f"shop.test:{port} {{\n  bind 127.0.0.1\n  file {started.folder}/zone\n}}\n")

        def ready() -> bool:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                return False
            return True

        started.start("coredns", [program, f"-conf={corefile}"], ready)
        yield f"127.0.0.1:{port}"
