"""The only maker of outgoing connections. Nothing leaves this machine for a host that nobody allowed.

Owns the allow list per purpose, the check of addresses behind names, redirects, TLS and the system's proxies. Doesn't
know what is fetched. `catalog` downloads through it, `engines` speaks to remote endpoints through it; connections to
our own engine children on loopback are made by `engines` itself.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.request import getproxies, proxy_bypass

import anyio
import httpcore2
import httpx2

from yoriai.errors import EgressError, PrerequisiteError

if TYPE_CHECKING:
    import ssl

log = logging.getLogger("yoriai.egress")

# For those who speak through this module and may not import the library.
HTTPError = httpx2.HTTPError
Response = httpx2.Response

MAX_REDIRECTS = 5
# Not public, although Python 3.11 calls some of these global: translations to IPv4 (NAT64, 6to4) by which a private
# address can be dressed up, multicast, and forms of IPv6 that were given up.
_NOT_PUBLIC = tuple(
    ipaddress.ip_network(network)
    for network in [
        "::/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "fec0::/10",
        "ff00::/8",
        "224.0.0.0/4",
    ]
)


class Egress:
    """Makes connections, each for a purpose.

    Args:
        allowed: purpose -> hosts: "example.org", or "*.example.org" for everything below it. A loopback or private
            address is spoken to only where its host stands here exactly.
    """

    def __init__(self, allowed: Mapping[str, frozenset[str]]) -> None:
        self._allowed = {
            purpose: {_ascii(host) for host in hosts if host} for purpose, hosts in allowed.items()
        }

    def client(
        self, purpose: str, base_url: str, timeout: float | httpx2.Timeout = 30.0
    ) -> httpx2.AsyncClient:
        """A client for long use: one purpose, no redirects. The caller closes it.

        Raises:
            EgressError: the host isn't allowed for this purpose.
        """
        self.check(purpose, _parsed(base_url))
        return self._client(purpose, timeout, base_url)

    @asynccontextmanager
    async def stream(
        self,
        purpose: str,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        timeout_s: float = 30.0,
    ) -> AsyncIterator[httpx2.Response]:
        """One request; the body is read by the caller. Redirects are in `response.history`.

        Args:
            timeout_s: longest silence.

        Raises:
            EgressError: the host, or one that it redirects to, isn't allowed for this purpose.
            httpx2.HTTPError: the connection failed.
        """
        async with self._client(purpose, timeout_s) as client:
            request = client.build_request(method, _parsed(url), headers=dict(headers or {}))
            response = await self._follow(client, request)
            try:
                yield response
            finally:
                await response.aclose()

    def check(self, purpose: str, url: httpx2.URL) -> None:
        """Refuse what isn't allowed, and note either.

        Raises:
            EgressError: another scheme than HTTP(S), or a host that isn't allowed for this purpose.
        """
        host = _host(url)
        is_allowed = url.scheme in {"http", "https"} and self._is_listed(purpose, host)
        log.info("outgoing host=%s purpose=%s allowed=%s", host or "-", purpose, is_allowed)
        if not is_allowed:
            raise EgressError("egress.refused", host=host or "-", purpose=purpose)

    def check_url(self, purpose: str, url: str) -> None:
        """`check` for an address as text, before there is a request. Raises: EgressError."""
        self.check(purpose, _parsed(url))

    def names(self, purpose: str, host: str) -> bool:
        """Whether the host itself, not just a pattern over it, is allowed."""
        return _ascii(host) in self._allowed.get(purpose, ())

    def _is_listed(self, purpose: str, host: str) -> bool:
        hosts = self._allowed.get(purpose, set())
        return host in hosts or any(p.startswith("*.") and host.endswith(p[1:]) for p in hosts)

    def _client(
        self, purpose: str, timeout: float | httpx2.Timeout, base_url: str = ""
    ) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(
            transport=_Gate(self, purpose),
            base_url=base_url,
            timeout=timeout,
            headers={"user-agent": "yoriai"},
            follow_redirects=False,
            trust_env=False,  # the gate asks for proxies itself; and no password of a .netrc is ever sent
        )

    async def _follow(self, client: httpx2.AsyncClient, request: httpx2.Request) -> httpx2.Response:
        history: list[httpx2.Response] = []
        while True:
            response = await client.send(request, stream=True)
            following = response.next_request  # without Authorization, where the host is another
            if following is None or request.method not in {"GET", "HEAD"}:
                response.history = history
                return response
            await response.aclose()
            history.append(response)
            _check_redirect(request.url, following.url, len(history))
            request = following

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """Trusts what this system trusts; SSL_CERT_FILE and SSL_CERT_DIR come first."""
        try:
            return httpx2.create_ssl_context()
        except OSError as error:
            raise PrerequisiteError("egress.certificates", detail=str(error)) from error


class _Gate(httpx2.AsyncBaseTransport):
    """Checks every request, also those that a long-lived client makes later, then sends it directly or by proxy."""

    def __init__(self, egress: Egress, purpose: str) -> None:
        self._egress = egress
        self._purpose = purpose
        self._ways: dict[str | None, httpx2.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self._egress.check(self._purpose, request.url)
        return await self._way(_proxy_for(request.url)).handle_async_request(request)

    def _way(self, proxy: str | None) -> httpx2.AsyncHTTPTransport:
        if proxy not in self._ways:
            self._ways[proxy] = (
                _by_proxy(proxy, self._egress.tls) if proxy else _Direct(self._egress, self._purpose)
            )
        return self._ways[proxy]

    async def aclose(self) -> None:
        for way in self._ways.values():
            await way.aclose()


class _Direct(httpx2.AsyncHTTPTransport):
    """Without a proxy: names are resolved here, once, and only an address that was looked at is connected to."""

    def __init__(self, egress: Egress, purpose: str) -> None:
        super().__init__(verify=egress.tls)
        # The transport takes no network backend; connections are its pool's. A test holds this seam.
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=egress.tls,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=_CheckedBackend(egress, purpose),
        )


class _CheckedBackend(httpcore2.AsyncNetworkBackend):
    def __init__(self, egress: Egress, purpose: str) -> None:
        self._egress = egress
        self._purpose = purpose
        self._plain = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (the name is httpcore's)
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        deadline = anyio.current_time() + (timeout or 60.0)
        addresses = await _resolve(host, port, deadline)
        if not self._egress.names(self._purpose, host):
            public = [address for address in addresses if is_public(address)]
            if not public:
                log.warning("outgoing host=%s purpose=%s allowed=False private address", host, self._purpose)
                raise EgressError("egress.private_address", host=host, address=addresses[0])
            addresses = public
        for tried, address in enumerate(addresses, start=1):
            share = (deadline - anyio.current_time()) / (len(addresses) - tried + 1)
            try:
                return await self._plain.connect_tcp(
                    address, port, max(share, 0.1), local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                if tried == len(addresses):
                    raise
        raise httpcore2.ConnectError(f"{host} has no address")

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


async def _resolve(host: str, port: int, deadline: float) -> list[str]:
    """The addresses of a name, in the system's order of preference."""
    try:
        with anyio.fail_at(deadline):
            found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except TimeoutError as error:
        raise httpcore2.ConnectTimeout(f"no answer to the name {host}") from error
    except OSError as error:
        raise httpcore2.ConnectError(f"{host}: {error.strerror or error}") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an address lies in the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return ip.is_global and not any(ip in network for network in _NOT_PUBLIC)


def _parsed(url: str) -> httpx2.URL:
    try:
        return httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise EgressError("egress.bad_address", detail=str(error)) from error


def _host(url: httpx2.URL) -> str:
    return url.raw_host.decode("ascii").lower().rstrip(".")


def _ascii(host: str) -> str:
    """The form that goes over the wire: lower case, IDNA, no brackets."""
    host = host.lower().rstrip(".").strip("[]")
    if host.isascii():
        return host
    prefix = "*." if host.startswith("*.") else ""
    return prefix + _host(_parsed(f"https://{host.removeprefix('*.')}"))


def _check_redirect(origin: httpx2.URL, target: httpx2.URL, count: int) -> None:
    if count > MAX_REDIRECTS:
        raise EgressError("egress.too_many_redirects", host=_host(origin), limit=MAX_REDIRECTS)
    is_downgrade = origin.scheme == "https" and target.scheme != "https"
    if is_downgrade or target.userinfo:
        raise EgressError("egress.bad_redirect", host=_host(origin), target=_host(target))


def _proxy_for(url: httpx2.URL) -> str | None:
    """The system's proxy for an address: from HTTPS_PROXY and its kin, or the settings of Windows and macOS."""
    host = _host(url)
    if host == "localhost" or _is_loopback(host) or proxy_bypass(host):
        return None
    proxies = getproxies()
    proxy = proxies.get(url.scheme) or proxies.get("all")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _by_proxy(proxy: str, tls: ssl.SSLContext) -> httpx2.AsyncHTTPTransport:
    """The proxy resolves names, so only the allow list of hosts holds here, not the check of addresses."""
    try:
        return httpx2.AsyncHTTPTransport(verify=tls, proxy=proxy)
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        raise PrerequisiteError("egress.proxy", detail=str(error)) from error
