"""Where a setting comes from, and what happens to a wrong one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from yoriai.errors import UsageError
from yoriai.i18n.catalogue import error_text
from yoriai.settings import Settings, data_folder, engine_environment, load


class Sources:
    """The environment and the file that a run finds."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self._monkeypatch = monkeypatch
        for name in [name for name in os.environ if name.lower().startswith("yoriai_")]:
            monkeypatch.delenv(name)
        self.environment(YORIAI_HOME=str(home))

    def environment(self, **variables: str) -> None:
        for name, value in variables.items():
            self._monkeypatch.setenv(name, value)

    def file(self, content: str | bytes) -> None:
        data = content if isinstance(content, bytes) else content.encode()
        (self.home / "yoriai.toml").write_bytes(data)


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sources:
    return Sources(tmp_path, monkeypatch)


def leaves(section: type[BaseModel], path: str = "") -> dict[str, Any]:
    """Every setting that holds a value, by its dotted name."""
    found = {}
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found |= leaves(inner, f"{path}{name}.")
        else:
            found[path + name] = field
    return found


def refusal(**overrides: Any) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load(**overrides)
    assert error_text(caught.value, "en")
    assert error_text(caught.value, "ja")
    return caught.value


def test_without_anything_the_defaults_hold(sources: Sources) -> None:
    settings = load()
    assert settings.server.port == 8642
    assert settings.server.host == "127.0.0.1"
    assert settings.home == sources.home


def test_option_beats_environment_beats_file_beats_default(sources: Sources) -> None:
    sources.file("[server]\nport = 1\nmax_request_bytes = 5000\n")
    assert load().server.port == 1
    sources.environment(YORIAI_SERVER__PORT="2")
    assert load().server.port == 2
    settings = load(server={"port": 3})
    assert settings.server.port == 3
    assert settings.server.max_request_bytes == 5000
    assert settings.server.host == "127.0.0.1"


def test_sources_are_mixed_setting_by_setting(sources: Sources) -> None:
    sources.file("model = 'from-file'\n[engine]\nthreads = 3\nparallel = 2\n")
    sources.environment(YORIAI_ENGINE__THREADS="5")
    settings = load(engine={"context_size": 1024})
    assert (settings.model, settings.engine.threads) == ("from-file", 5)
    assert (settings.engine.parallel, settings.engine.context_size) == (2, 1024)


def test_an_empty_variable_is_as_good_as_none(sources: Sources) -> None:
    sources.file("model = 'from-file'\n")
    sources.environment(YORIAI_MODEL="", YORIAI_ENGINE__THREADS="")
    assert load().model == "from-file"
    assert load().engine.threads == 0


@pytest.mark.parametrize("home", ["~/yoriai-data", "relative/data", ""])
def test_settings_and_file_agree_on_the_data_folder(home: str, sources: Sources) -> None:
    sources.environment(YORIAI_HOME=home)
    assert load().home == data_folder()
    assert data_folder().is_absolute()


@pytest.mark.parametrize(
    "variable",
    [
        "YORIAI_MODLE",
        "YORIAI_ENGINE_THREADS",  # one underscore does not nest
        "YORIAI_ENGINE__THREDS",
        "YORIAI_ENGINE__",
        "YORIAI_MODEL__NAME",
        "yoriai_modle",
    ],
)
def test_a_misspelt_variable_is_named(variable: str, sources: Sources) -> None:
    sources.environment(**{variable: "4"})
    error = refusal()
    assert error.key == "settings.unknown_variable"
    assert str(error.values["name"]).upper() == variable.upper()


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ("modle = 'x'", "modle"),
        ("[server]\nprot = 1", "server.prot"),
        ("[server]\nport = 65536", "server.port"),
        ("[engine]\nkind = 'vllm'", "engine.kind"),
        ("[[remotes]]\nname = 'A b'\nurl = 'http://x/v1'", "remotes.0.name"),
    ],
)
def test_a_wrong_entry_of_the_file_is_named_with_its_place(
    content: str, place: str, sources: Sources
) -> None:
    sources.file(content)
    assert refusal().values["place"] == place


@pytest.mark.parametrize("content", ["model = ", b"model = '\xe9'", "[server\n"])
def test_a_file_that_is_no_toml_is_named(content: str | bytes, sources: Sources) -> None:
    sources.file(content)
    assert str(sources.home / "yoriai.toml") in str(refusal().values["path"])


@pytest.mark.parametrize("variable", ["YORIAI_SERVER__ALLOWED_HOSTS", "YORIAI_REMOTES", "YORIAI_ENGINE"])
def test_a_list_that_is_no_json_is_explained(variable: str, sources: Sources) -> None:
    sources.environment(**{variable: "chat.example"})
    assert refusal().key == "settings.not_json"


def test_lists_in_the_environment_are_json(sources: Sources) -> None:
    sources.environment(YORIAI_SERVER__ALLOWED_HOSTS='["chat.example"]')
    assert load().server.allowed_hosts == ("chat.example",)


def test_a_wrong_option_is_refused(sources: Sources) -> None:
    assert refusal(server={"port": -1}).values["place"] == "server.port"


def test_a_remotes_key_is_never_shown(sources: Sources) -> None:
    sources.file("[[remotes]]\nname = 'a'\nurl = 'http://x/v1'\nkey = 'hush-hush'\n")
    settings = load()
    assert "hush-hush" not in repr(settings)
    assert "hush-hush" not in settings.model_dump_json()
    key = settings.remotes[0].key
    assert key is not None
    assert key.get_secret_value() == "hush-hush"


def test_settings_never_change_while_the_server_runs(sources: Sources) -> None:
    settings = load()
    with pytest.raises(ValueError, match="frozen"):
        settings.model = "other"  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        settings.server.port = 1  # type: ignore[misc]


@pytest.mark.parametrize("name", leaves(Settings))
def test_every_setting_has_a_description(name: str) -> None:
    description = leaves(Settings)[name].description
    assert description
    assert description.endswith(".")


def test_an_engine_sees_devices_and_nothing_else(sources: Sources) -> None:
    sources.environment(CUDA_VISIBLE_DEVICES="1", AWS_SECRET_ACCESS_KEY="x", HF_TOKEN="y")
    assert engine_environment()["CUDA_VISIBLE_DEVICES"] == "1"
    assert not {"AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "YORIAI_HOME", "HOME", "PATH"} & set(
        engine_environment()
    )
