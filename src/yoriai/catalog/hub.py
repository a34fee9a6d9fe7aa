"""The Hugging Face hub and its mirrors: where a file is, how large, and the digest that the hub itself states.

Knows the hub's addresses and headers; `catalog.download` brings the file.
Source: huggingface.co/docs/huggingface_hub, `get_hf_file_metadata`: X-Linked-Size and X-Linked-Etag (for large files
their sha256) stand in the first answer, before it redirects to the store.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import anyio

from yoriai.catalog.catalogue import HubSource
from yoriai.catalog.fetch import Remote
from yoriai.egress import Egress, HTTPError, Response
from yoriai.errors import DownloadError, EgressError
from yoriai.settings import DownloadSettings

PURPOSE = "hub"
_REACH_S = 3.0  # a first run shouldn't wait longer to learn that there is no hub
_DIGEST = re.compile(r'(?:W/)?"?([0-9a-f]{64})"?')
_SPLIT = re.compile(r"(?P<stem>.+)-00001-of-(?P<count>\d{5})\.gguf")


@dataclass(frozen=True, kw_only=True, slots=True)
class HubFile:
    remote: Remote
    sha256: str | None  # what the hub says; None: it doesn't say


async def is_reachable(egress: Egress, settings: DownloadSettings) -> bool:
    """Whether the hub answers from here, within a few seconds."""
    timeout_s = min(_REACH_S, settings.timeout_s)
    with anyio.move_on_after(timeout_s):
        try:
            async with egress.stream(PURPOSE, "HEAD", settings.hub_url, timeout_s=timeout_s) as response:
                return response.status_code < 500
        except (HTTPError, EgressError):
            return False
    return False


async def locate(egress: Egress, settings: DownloadSettings, source: HubSource) -> list[HubFile]:
    """The file, or all files of a model in several, in order.

    Raises:
        DownloadError: the hub doesn't answer, or not with this file.
        EgressError: it, or where it redirects to, isn't allowed.
    """
    return [await _locate(egress, settings, address(settings, source, name)) for name in names(source)]


def names(source: HubSource) -> list[str]:
    """The files of the model: one, or as many as the name of the first announces."""
    split = _SPLIT.fullmatch(source.file)
    if not split:
        return [source.file]
    count = split["count"]
    return [f"{split['stem']}-{n:05}-of-{count}.gguf" for n in range(1, min(int(count), 1000) + 1)]


def address(settings: DownloadSettings, source: HubSource, name: str) -> str:
    return f"{settings.hub_url.rstrip('/')}/{source.repo}/resolve/{quote(source.revision)}/{quote(name)}"


async def _locate(egress: Egress, settings: DownloadSettings, url: str) -> HubFile:
    host = urlsplit(url).hostname or "-"
    try:
        async with egress.stream(
            PURPOSE, "HEAD", url, {"accept-encoding": "identity"}, timeout_s=settings.timeout_s
        ) as response:
            answers = [*response.history, response]
    except HTTPError as error:
        detail = str(error) or type(error).__name__
        raise DownloadError("catalog.source_silent", source=host, detail=detail) from error
    # The store behind the hub may refuse HEAD: what counts is the hub's own answer.
    good = [answer for answer in answers if answer.status_code < 400]
    told = next((answer for answer in good if "x-linked-etag" in answer.headers), [*answers[:1], *good][-1])
    if told.status_code >= 400:
        raise DownloadError("catalog.source_refused", source=host, status=told.status_code)
    size = told.headers.get("x-linked-size", "")
    return HubFile(
        remote=Remote(purpose=PURPOSE, url=url, size_bytes=int(size) if size.isdigit() else None),
        sha256=_digest(told),
    )


def _digest(answer: Response) -> str | None:
    matched = _DIGEST.fullmatch(answer.headers.get("x-linked-etag") or answer.headers.get("etag") or "")
    return matched[1] if matched else None
