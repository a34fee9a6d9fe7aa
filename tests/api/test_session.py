"""Signing in and out over HTTP."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

PASSWORD = "correct horse battery"


@pytest.fixture
def browser(server: Any) -> Any:
    with httpx2.Client(base_url=server.url) as client:
        yield client


def sign_in(
    browser: httpx2.Client, name: str = "ben", password: str = PASSWORD, **headers: str
) -> httpx2.Response:
    return browser.post("/api/login", json={"name": name, "password": password}, headers=headers)


def test_signing_in_sets_a_cookie_that_scripts_cannot_read(browser: httpx2.Client) -> None:
    response = sign_in(browser)
    assert response.status_code == 200
    assert response.json()["name"] == "ben"
    cookie = response.headers["set-cookie"].lower()
    assert "yoriai_session=" in cookie
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert browser.get("/api/me").json()["role"] == "member"


def test_signing_out_ends_the_session_itself_not_only_the_cookie(browser: httpx2.Client, server: Any) -> None:
    sign_in(browser)
    secret = browser.cookies["yoriai_session"]
    assert browser.post("/api/logout").status_code == 200
    again = httpx2.get(f"{server.url}/api/me", headers={"Cookie": f"yoriai_session={secret}"})
    assert again.status_code == 401


def test_a_wrong_password_and_an_unknown_name_look_the_same(browser: httpx2.Client) -> None:
    wrong = sign_in(browser, password="wrong password")
    unknown = sign_in(browser, name="nobody-here")
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert wrong.status_code == 401


def test_a_foreign_page_cannot_sign_anybody_in(browser: httpx2.Client) -> None:
    assert sign_in(browser, origin="http://evil.example").status_code == 403


def test_a_foreign_page_cannot_use_the_cookie(browser: httpx2.Client) -> None:
    sign_in(browser)
    response = browser.post("/api/tokens", json={"name": "stolen"}, headers={"origin": "http://evil.example"})
    assert response.status_code == 403


def test_a_rebound_host_name_is_refused(browser: httpx2.Client) -> None:
    assert browser.get("/health", headers={"host": "rebound.example"}).status_code == 403


def test_the_setup_link_is_dead_once_there_is_an_administrator(browser: httpx2.Client) -> None:
    body = {"secret": "guess", "name": "mallory", "password": PASSWORD}
    assert 400 <= browser.post("/api/setup", json=body).status_code < 500


def test_changing_the_password_ends_the_other_sessions(browser: httpx2.Client, server: Any) -> None:
    with httpx2.Client(
        base_url=server.url, headers={"Authorization": f"Bearer {server.tokens['anna']}"}
    ) as anna:
        anna.post("/api/users", json={"name": "dora", "password": PASSWORD})
    with httpx2.Client(base_url=server.url) as other:
        sign_in(other, "dora")
        sign_in(browser, "dora")
        changed = browser.post("/api/password", json={"old": PASSWORD, "new": "another long password"})
        assert changed.status_code == 200
        assert other.get("/api/me").status_code == 401
        assert browser.get("/api/me").status_code == 200
    assert sign_in(browser, "dora").status_code == 401


def test_errors_speak_the_language_of_the_browser(browser: httpx2.Client) -> None:
    response = browser.get("/api/me", headers={"Accept-Language": "ja,en;q=0.8"})
    assert "サインイン" in response.json()["error"]["message"]


def test_the_description_page_loads_nothing_from_elsewhere(browser: httpx2.Client) -> None:
    page = browser.get("/docs").text
    assert "https://" not in page
    assert browser.get("/static-offline-docs/swagger-ui-bundle.js").status_code == 200


def test_health_tells_nobody_more_than_that_it_answers(browser: httpx2.Client) -> None:
    assert set(browser.get("/health").json()) == {"status", "version"}
