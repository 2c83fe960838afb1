"""All proxies of a server, by name.

Owns that names are unique and that a proxy which could not start is not kept.
"""

import asyncio
import random

from harness.toxiproxy.embedded.addresses import AddressUnreadable, loopback_address
from harness.toxiproxy.embedded.failures import proxy_exists, proxy_not_found
from harness.toxiproxy.embedded.metrics import Metrics
from harness.toxiproxy.embedded.proxy import Proxy
from harness.toxiproxy.embedded.requests import ProxyInput


class Collection:
    """The proxies; changes to the set of them come one after the other."""

    def __init__(self, *, rng: random.Random, metrics: Metrics | None) -> None:
        self._rng = rng
        self._metrics = metrics
        self._proxies: dict[str, Proxy] = {}
        self._change = asyncio.Lock()

    def all(self) -> list[Proxy]:
        """Every proxy, by name."""
        return [self._proxies[name] for name in sorted(self._proxies)]

    def get(self, name: str) -> Proxy:
        """The proxy of that name, or the API's 404."""
        try:
            return self._proxies[name]
        except KeyError:
            raise proxy_not_found() from None

    async def add(self, wanted: ProxyInput) -> Proxy:
        """A new proxy."""
        async with self._change:
            if wanted.name in self._proxies:
                raise proxy_exists()
            return await self._install(wanted)

    async def add_or_replace(self, wanted: ProxyInput) -> Proxy:
        """A proxy as wanted: one that has these addresses already stays as it is."""
        async with self._change:
            existing = self._proxies.get(wanted.name)
            if existing is not None:
                if not existing.differs(listen=wanted.listen, upstream=wanted.upstream):
                    return existing
                await existing.stop()
            return await self._install(wanted)

    async def remove(self, name: str) -> None:
        """Stop a proxy and forget it."""
        async with self._change:
            await self.get(name).stop()
            del self._proxies[name]

    async def close(self) -> None:
        """Stop all proxies."""
        async with self._change:
            for proxy in self.all():
                await proxy.stop()
            self._proxies.clear()

    async def _install(self, wanted: ProxyInput) -> Proxy:
        proxy = Proxy(
            name=wanted.name,
            listen=wanted.listen,
            upstream=wanted.upstream,
            rng=self._rng,
            metrics=self._metrics,
        )
        if wanted.enabled:
            await proxy.start()
        else:
            _refuse_beyond_loopback(wanted.listen)
        self._proxies[wanted.name] = proxy
        return proxy


def _refuse_beyond_loopback(listen: str) -> None:
    try:
        loopback_address(listen)
    except AddressUnreadable:
        # The real server reads the address of a disabled proxy when it is enabled, and complains then.
        return
