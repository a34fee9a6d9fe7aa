"""Pages of the web as documents, only from hosts that an administrator opened (`knowledge.web_hosts`).

The page's text is taken as it is served; nothing in it is followed, loaded or run.
"""

from __future__ import annotations

from typing import IO
from urllib.parse import urlsplit

from anyio import to_thread

from yoriai.egress import Egress, HTTPError
from yoriai.errors import DocumentError, DownloadError, EgressError, ForbiddenError, UsageError
from yoriai.knowledge.filing import Filing, Taken

PURPOSE = "web_page"
_ATTEMPT_S = 30.0


def is_address(source: str) -> bool:
    return source.startswith(("http://", "https://"))


def name_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.hostname or ''}{parts.path}".rstrip("/")


class WebPages:
    """Fetches what may be fetched."""

    def __init__(self, egress: Egress, filing: Filing, most_bytes: int) -> None:
        self._egress = egress
        self._filing = filing
        self._most_bytes = most_bytes

    def check(self, address: str) -> None:
        """Raises: UsageError: no address of a page. ForbiddenError: nobody opened that host."""
        if not is_address(address) or not name_of(address):
            raise UsageError("knowledge.no_address", param="address")
        try:
            self._egress.check_url(PURPOSE, address)
        except EgressError as error:
            raise ForbiddenError("knowledge.host_closed", host=error.values["host"]) from error

    async def fetch(self, address: str) -> tuple[Taken, str]:
        """A copy of the page, and its media type.

        Raises:
            EgressError: nobody opened that host, or the one it leads to. DownloadError: it could not be had.
            DocumentError: too large. DiskFullError.
        """
        try:
            with await to_thread.run_sync(self._filing.scratch) as body:
                media_type = await self._load(address, body)
                body.seek(0)
                return await to_thread.run_sync(self._filing.take, body), media_type
        except HTTPError as error:
            raise DownloadError("knowledge.page_failed", address=address, detail=str(error) or "-") from error

    async def _load(self, address: str, body: IO[bytes]) -> str:
        async with self._egress.stream(PURPOSE, "GET", address, timeout_s=_ATTEMPT_S) as response:
            if response.status_code != 200:
                raise DownloadError(
                    "knowledge.page_failed", address=address, detail=f"HTTP {response.status_code}"
                )
            async for part in response.aiter_bytes():
                if body.tell() + len(part) > self._most_bytes:
                    limit = f"{self._most_bytes / 2**20:.1f} MiB"
                    raise DocumentError("knowledge.file_too_large", size=f"> {limit}", limit=limit)
                await to_thread.run_sync(self._filing.write, body, part)
        return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower() or "text/html"
