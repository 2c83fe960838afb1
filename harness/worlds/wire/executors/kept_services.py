"""The HTTP service that stays up between the runs of a world, so that not each of them waits for its start.

Owns its folder, its store and its end. One at a time: another saga, or the same with its participants at
other addresses, ends it. So does a saga that is still at work after its run. Refuses to know which runs
may have it (`service`).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.adapter.http import HttpSaga
from harness.worlds.wire.executors.service_process import ServiceProcess
from harness.worlds.wire.ports import service_ports

FIRST_ENDPOINT_SET = 1


class KeptServices:
    """Of one world; close it in the end."""

    def __init__(self) -> None:
        self.ports = service_ports()
        self._process: ServiceProcess | None = None
        self._key: tuple[HttpSaga, Mapping[str, str]] | None = None
        self._folder: Path | None = None
        self._leftovers: Callable[[], bool] = _none
        self._made = 0

    def lend(self, saga: HttpSaga, urls: Callable[[int], Mapping[str, str]]) -> ServiceProcess:
        """The service for a run, until `give_back`; it is started when it is first needed."""
        key = (saga, urls(FIRST_ENDPOINT_SET))
        ours = bool(saga.start)  # another's service is what it is, and is known by what it did before
        if self._process is None or self._key != key or (ours and self._unfit(self._process)):
            self.end()
            self._process, self._key = self._new(saga, urls), key
        self._leftovers = _always  # a run that never gives it back was broken off
        return self._process

    def give_back(self, *, fit: bool, leftovers: Callable[[], bool]) -> None:
        """The run is over. fit: the next one may have the service, unless there are `leftovers` by then."""
        self._leftovers = leftovers if fit else _always
        if self._key is not None and self._key[0].start and self._leftovers():
            self.end()

    def end(self) -> None:
        """End the service, if there is one."""
        process, self._process = self._process, None
        folder, self._folder = self._folder, None
        try:
            if process is not None:
                process.close()
        finally:
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)

    close = end

    def _unfit(self, process: ServiceProcess) -> bool:
        return process.over() or self._leftovers()

    def _new(self, saga: HttpSaga, urls: Callable[[int], Mapping[str, str]]) -> ServiceProcess:
        self._made += 1
        mark = f"service-{os.getpid():x}-{self._made}"
        return ServiceProcess(saga, urls=urls, folder=self._files, mark=mark, ports=self.ports)

    def _files(self) -> Path:
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="saga-chaos-"))
        return self._folder


def _none() -> bool:
    return False


def _always() -> bool:
    return True
