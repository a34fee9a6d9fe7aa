"""Where a server may listen."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from yoriai.cli.listening import check_exposure, describe, is_loopback, listen
from yoriai.errors import ConflictError, UsageError
from yoriai.i18n.catalogue import error_text
from yoriai.settings import ServerSettings

CERTIFICATE = Path(__file__).parents[1] / "certificates" / "localhost.pem"
KEY = CERTIFICATE.with_suffix(".key")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_needs_nothing(host: str) -> None:
    assert is_loopback(host)
    check_exposure(ServerSettings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "ai.example", ""])
def test_other_addresses_need_tls_or_an_explicit_word(host: str) -> None:
    with pytest.raises(UsageError, match="insecure_lan_needed"):
        check_exposure(ServerSettings(host=host))
    check_exposure(ServerSettings(host=host, insecure_lan=True))
    check_exposure(ServerSettings(host=host, tls_certificate=CERTIFICATE, tls_key=KEY))


def test_files_that_are_no_certificate_and_key_are_refused(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("garbage")
    for certificate, key in ((broken, KEY), (CERTIFICATE, broken), (KEY, CERTIFICATE)):
        with pytest.raises(UsageError, match="tls_unusable") as caught:
            check_exposure(ServerSettings(tls_certificate=certificate, tls_key=key))
        assert str(certificate) in error_text(caught.value, "en")


def test_half_of_tls_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="tls_incomplete"):
        check_exposure(ServerSettings(tls_key=tmp_path))
    with pytest.raises(UsageError, match="tls_missing"):
        check_exposure(ServerSettings(tls_key=tmp_path / "no.pem", tls_certificate=tmp_path / "no.pem"))


def test_a_port_in_use_is_said() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ConflictError) as caught:
            listen(ServerSettings(port=port))
    assert caught.value.values["port"] == port


def test_an_address_that_does_not_exist_is_said() -> None:
    with pytest.raises(UsageError, match="cannot_listen"):
        listen(ServerSettings(host="300.0.0.1", port=0, insecure_lan=True))


def test_who_listens_everywhere_is_reached_by_loopback() -> None:
    settings = ServerSettings(host="0.0.0.0", port=0, insecure_lan=True)
    with listen(settings) as listener:
        running = describe(settings, listener)
    assert running.url.startswith("http://127.0.0.1:")
    assert len(running.key) > 40
