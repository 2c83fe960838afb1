"""One side of a proxied connection: a socket that is read by one task and written by another.

Owns non-blocking reads and writes that end cleanly when the socket is closed under them. It buffers
nothing, so the kernel's back-pressure reaches the other side, and a close is the kernel's own close.
"""

import asyncio
import ipaddress
import socket
import struct
from collections.abc import Callable

READ_BYTES = 32 * 1024
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Peer:
    """A connected socket."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._waiters: set[asyncio.Future[None]] = set()
        self._closed = False

    def reset_on_close(self) -> None:
        """Let the close be a true TCP reset, with all unsent data lost."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)

    async def read(self) -> bytes:
        """Bytes as they come; none when the connection is over, by whichever side."""
        while not self._closed:
            try:
                return self._sock.recv(READ_BYTES)
            except BlockingIOError:
                await self._until(self._loop.add_reader, self._loop.remove_reader)
            except OSError:
                break
        return b""

    async def write(self, data: bytes | memoryview) -> bool:
        """Hand everything to the kernel; False when the connection is over."""
        rest = memoryview(data)
        while rest and not self._closed:
            try:
                rest = rest[self._sock.send(rest) :]
            except BlockingIOError:
                await self._until(self._loop.add_writer, self._loop.remove_writer)
            except OSError:
                return False
        return not self._closed

    def close(self) -> None:
        """Close both directions, and wake whoever waits on one."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._sock.close()
        for waiter in self._waiters:
            _finish(waiter)

    async def _until(
        self,
        register: Callable[[socket.socket, Callable[..., None], asyncio.Future[None]], object],
        unregister: Callable[[socket.socket], bool],
    ) -> None:
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.add(waiter)
        register(self._sock, _finish, waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)
            if not self._closed:
                unregister(self._sock)


async def dial(address: str) -> Peer:
    """A connection to `host:port`, over the first of its addresses that answers; `OSError` if none does."""
    loop = asyncio.get_running_loop()
    failure = OSError(f"no address for {address}")
    for family, target in await _resolve(address):
        sock = socket.socket(family, socket.SOCK_STREAM)
        sock.setblocking(False)
        try:
            await loop.sock_connect(sock, target)
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
        else:
            return Peer(sock)
    raise failure


async def _resolve(address: str) -> list[tuple[int, tuple[str, int]]]:
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return [(int(family), (str(target[0]), int(target[1]))) for family, _, _, _, target in found]
    # A number needs no resolver, and so no thread.
    if not port.isdecimal():
        raise OSError(f"unknown port in {address}")
    return [(socket.AF_INET if version == 4 else socket.AF_INET6, (host, int(port)))]


def _finish(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)
