"""A real nginx under deploy/nginx.conf, with its files and ports moved to where a test has room."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.serving import free_port, wait_until_listening

CONFIGURATION = Path(__file__).parents[1] / "deploy" / "nginx.conf"
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def program() -> str:
    """Where nginx is; Debian keeps it out of the path of those who are not root."""
    return "/usr/sbin/nginx" if Path("/usr/sbin/nginx").exists() else "nginx"


def moved(folder: Path, https: int, http: int, *to: int) -> Path:
    """The project's configuration with the paths and ports of a test: `to` are the servers'."""
    _certificate(folder)
    text = CONFIGURATION.read_text("utf-8")
    for old, new in (
        ("listen 80;", f"listen 127.0.0.1:{http};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{https} ssl"),
        ("/etc/nuangang/tls", str(folder)),
        ("/var/log/nginx", str(folder)),
        ("pid /run/nginx.pid;", f"pid {folder}/nginx.pid;"),
        ("server 127.0.0.1:8000", ";".join(f"server 127.0.0.1:{each}" for each in to)),
    ):
        assert old in text, old
        text = text.replace(old, new)
    text = re.sub(r"\n *listen \[::\][^\n]*", "", text)
    paths = "".join(f"    {name}_temp_path {folder}/{name};\n" for name in _TEMPORARY)
    text = text.replace("http {\n", "http {\n" + paths, 1)
    if os.geteuid() == 0:
        text = "user root;\n" + text
    path = folder / "nginx.conf"
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def before(
    to: int, folder: Path, http: int | None = None, *, beside: tuple[int, ...] = ()
) -> Iterator[int]:
    """nginx before a port; gives the port of its TLS. `http`: where it listens in clear.

    `beside`: the ports of more application servers.
    """
    folder.mkdir(exist_ok=True)
    https = free_port()
    path = moved(folder, https, http or free_port(), *beside, to)
    running = subprocess.Popen(
        [program(), "-c", str(path), "-e", str(folder / "error.log"), "-g", "daemon off;"],
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_listening(https)
        yield https
    finally:
        running.terminate()
        running.wait(20)


def _certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "privkey.pem").write_bytes(private)
    (folder / "fullchain.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
