"""model, user, token and doctor: tables for people, JSON for programs, exit codes for scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx2

from serving import PASSWORD, yoriai


def table(home: Path, *arguments: str, **variables: str) -> Any:
    done = yoriai(home, *arguments, "--json", **variables)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_models_are_added_listed_shown_and_removed(tmp_path: Path, smollm2_path: Path) -> None:
    before = {row["name"]: row["state"] for row in table(tmp_path, "model", "list")["models"]}
    assert before["qwen2.5-coder-1.5b"] == "available"
    assert yoriai(tmp_path, "model", "add", str(smollm2_path), "--name", "mine", "--link").returncode == 0
    after = {row["name"]: row["state"] for row in table(tmp_path, "model", "list")["models"]}
    assert after["mine"] == "installed"
    shown = table(tmp_path, "model", "show", "mine")
    assert shown["memory_bytes"] > 98_000_000
    assert shown["state"] == "installed"
    assert yoriai(tmp_path, "model", "rm", "mine").returncode == 2  # nobody was there to ask
    assert yoriai(tmp_path, "model", "rm", "mine", "--yes").returncode == 0
    assert yoriai(tmp_path, "model", "rm", "mine", "--yes").returncode == 3
    assert smollm2_path.exists()  # a linked file stays its owner's


def test_a_model_whose_weights_are_gone_is_missing_and_can_be_pulled_again(
    tmp_path: Path, smollm2_path: Path
) -> None:
    linked = tmp_path / "linked.gguf"
    for name in ("smollm2-135m", "mine"):
        linked.symlink_to(smollm2_path)
        assert yoriai(tmp_path, "model", "add", str(linked), "--name", name, "--link").returncode == 0
        linked.unlink()
    states = {row["name"]: row["state"] for row in table(tmp_path, "model", "list")["models"]}
    assert (states["smollm2-135m"], states["mine"]) == ("missing", "missing")
    assert "file missing" in yoriai(tmp_path, "model", "list").stdout
    for name in states.keys() & {"smollm2-135m", "mine", "llama-3.1-70b", "qwen2.5-coder-1.5b"}:
        assert table(tmp_path, "model", "show", name)["state"] == states[name]
    again = yoriai(tmp_path, "model", "pull", "smollm2-135m")
    assert again.returncode == 1
    assert "--yes" in again.stderr  # it would be fetched, had somebody consented
    mine = yoriai(tmp_path, "model", "pull", "mine")
    assert mine.returncode == 1
    assert str(linked) in mine.stderr
    assert "model add" in mine.stderr


def test_an_unknown_model_is_not_found(tmp_path: Path) -> None:
    asked = yoriai(tmp_path, "ask", "hi", "--model", "no-such-model")
    assert asked.returncode == 3
    assert "yoriai model list" in asked.stderr
    added = yoriai(tmp_path, "model", "add", str(tmp_path / "none.gguf"))
    assert added.returncode == 3
    assert "none.gguf" in added.stderr
    assert yoriai(tmp_path, "model", "show", "no-such-model").returncode == 3
    assert yoriai(tmp_path, "model", "pull", "no-such-model", "--yes").returncode == 3


def test_nothing_is_downloaded_without_consent(tmp_path: Path) -> None:
    done = yoriai(tmp_path, "model", "pull", "smollm2-135m")
    assert done.returncode == 1
    assert "--yes" in done.stderr


def test_the_licence_is_said_before_a_download(tmp_path: Path) -> None:
    offline = {"YORIAI_DOWNLOAD__INDEX_URL": "http://127.0.0.1:9/simple", "YORIAI_DOWNLOAD__TIMEOUT_S": "1"}
    done = yoriai(tmp_path, "model", "pull", "gemma-3-270m", "--yes", **offline)
    assert done.returncode == 1  # nothing was reached
    assert "Restricted: " in done.stderr
    assert "[Gemma Terms of Use 3.1]" in done.stderr
    assert done.stderr.index("Restricted: ") < done.stderr.index("pip")


def test_an_administrator_allows_certain_verdicts_only(tmp_path: Path) -> None:
    allowed = {"YORIAI_CATALOG__ALLOWED_VERDICTS": '["open_source_ai"]'}
    for arguments in (["model", "pull", "gemma-3-270m", "--yes"], ["model", "pull", "smollm2-135m"]):
        done = yoriai(tmp_path, *arguments, **allowed)
        assert done.returncode == 4
        assert "catalog.allowed_verdicts" in done.stderr
        assert "Download" not in done.stderr
    states = {row["name"]: row["state"] for row in table(tmp_path, "model", "list", **allowed)["models"]}
    assert (states["gemma-3-270m"], states["smollm3-3b"]) == ("not_allowed", "available")
    assert "not allowed" in yoriai(tmp_path, "model", "list", **allowed).stdout


def test_a_file_with_another_verdict_is_neither_added_nor_quantised(
    tmp_path: Path, smollm2_path: Path
) -> None:
    strict = {"YORIAI_CATALOG__ALLOWED_VERDICTS": '["open_source_ai"]'}
    add = ("model", "add", str(smollm2_path), "--name", "mine")
    refused = yoriai(tmp_path, *add, **strict)
    assert refused.returncode == 4
    assert "open_weights" in refused.stderr
    assert "open_source_ai" in refused.stderr
    assert not list((tmp_path / "models").glob("partial/*.tmp"))
    assert not list((tmp_path / "models").glob("manifests/*"))
    assert yoriai(tmp_path, *add, "--link").returncode == 0
    quantised = yoriai(tmp_path, "model", "quantize", "mine", "--to", "q2_k", "--no-measure", **strict)
    assert quantised.returncode == 4
    assert "open_weights" in quantised.stderr


def test_a_model_is_shown_with_its_openness(tmp_path: Path) -> None:
    shown = table(tmp_path, "model", "show", "llama-3.2-3b")["openness"]
    assert shown["verdict"] == "restricted"
    assert shown["questions"]["user_limit"]["answer"] == "yes"
    assert {"use", "study", "modify", "share"} == shown["freedoms"].keys()
    assert {"data_information", "code", "parameters"} == shown["components"].keys()
    words = yoriai(tmp_path, "model", "show", "tinyswallow-1.5b", LC_ALL="ja_JP.UTF-8").stdout
    assert "制限付き" in words
    assert not set("[]{}'") & set(
        words.partition("制限付き")[0]
    )  # no values in a programming language's signs
    assert "Gemma 2（Gemma Terms of Use）の出力で学習" in words
    rows = {row["name"]: row["verdict"] for row in table(tmp_path, "model", "list")["models"]}
    assert rows["smollm3-3b"] == "open_source_ai"


def test_a_file_without_a_known_licence_is_said_to_be_of_unknown_openness(
    tmp_path: Path, smollm2_path: Path
) -> None:
    added = yoriai(tmp_path, "model", "add", str(smollm2_path), "--name", "mine", "--link")
    verdict = table(tmp_path, "model", "show", "mine")["openness"]["verdict_text"]
    assert f"{verdict}: " in added.stderr
    assert verdict != "Open source AI"  # a file proves nothing of its data


def test_a_failed_pull_is_one_line_for_people(tmp_path: Path) -> None:
    nobody = {"YORIAI_DOWNLOAD__HUB_URL": "http://127.0.0.1:9", "YORIAI_DOWNLOAD__TIMEOUT_S": "5"}
    (tmp_path / "catalogue.yaml").write_text(
        "nowhere:\n  family: X\n  licence: MIT\n  size_bytes: 1000\n"
        f"  sha256: {'a' * 64}\n  description: {{en: X., ja: エックス。}}\n"
        "  sources: [{kind: hub, repo: someone/x, file: x.gguf}]\n"
    )
    done = yoriai(tmp_path, "model", "pull", "nowhere", "--yes", **nobody)
    assert done.returncode == 1
    assert "127.0.0.1 does not answer" in done.stderr
    assert "source failed" not in done.stderr
    assert "source_silent" not in done.stderr


def test_tables_are_not_cut_in_a_pipe(tmp_path: Path) -> None:
    assert "qwen2.5-coder-1.5b" in yoriai(tmp_path, "model", "list").stdout


def test_users_and_tokens(server: Any) -> None:
    made = server.yoriai(
        "user", "create", "eve", "--role", "guest", "--password-stdin", stdin=PASSWORD + "\n"
    )
    assert made.returncode == 0, made.stderr
    users = {user["name"]: user for user in table(server.home, "user", "list")["users"]}
    assert users["eve"]["role"] == "guest"
    assert "password" not in json.dumps(users).lower()
    token = table(server.home, "token", "create", "script", "--user", "eve")
    headers = {"Authorization": f"Bearer {token['token']}"}
    assert httpx2.get(f"{server.url}/api/me", headers=headers).json()["name"] == "eve"
    assert [each["name"] for each in table(server.home, "token", "list", "--user", "eve")["tokens"]] == [
        "script"
    ]
    assert server.yoriai("user", "disable", "eve").returncode == 0
    assert httpx2.get(f"{server.url}/api/me", headers=headers).status_code == 401
    assert server.yoriai("user", "enable", "eve").returncode == 0
    assert server.yoriai("token", "revoke", token["id"], "--user", "eve").returncode == 0
    assert httpx2.get(f"{server.url}/api/me", headers=headers).status_code == 401


def test_a_user_that_exists_or_does_not(server: Any) -> None:
    again = server.yoriai("user", "create", "anna", "--password-stdin", stdin=PASSWORD)
    assert again.returncode == 1
    assert server.yoriai("user", "disable", "nobody-here").returncode == 3


def test_a_new_password_replaces_the_old(server: Any) -> None:
    server.yoriai("user", "create", "finn", "--password-stdin", stdin=PASSWORD)
    assert (
        server.yoriai("user", "password", "finn", "--password-stdin", stdin="a new long one").returncode == 0
    )

    def sign_in(password: str) -> int:
        return httpx2.post(f"{server.url}/api/login", json={"name": "finn", "password": password}).status_code

    assert sign_in(PASSWORD) == 401
    assert sign_in("a new long one") == 200


def test_the_doctor_finds_a_healthy_server(server: Any) -> None:
    findings = {each["name"]: each for each in table(server.home, "doctor")["findings"]}
    assert {"versions", "engine", "memory", "disk", "data_folder", "models", "reading", "server"} <= set(
        findings
    )
    assert server.url in findings["server"]["message"]
    assert not [each for each in findings.values() if each["level"] == "fail"]


def test_the_doctor_fails_on_a_missing_engine_and_says_how_to_mend_it(tmp_path: Path) -> None:
    variables = {"YORIAI_ENGINE__KIND": "llama-server", "YORIAI_ENGINE__LLAMA_SERVER": str(tmp_path / "none")}
    done = yoriai(tmp_path, "doctor", "--json", **variables)
    assert done.returncode == 1
    engine = next(each for each in json.loads(done.stdout)["findings"] if each["name"] == "engine")
    assert engine["level"] == "fail"
    assert engine["mend"]
