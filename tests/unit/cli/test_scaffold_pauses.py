"""The sagas that `scaffold` writes wait as long as a Retry-After asks, and after that as long as before."""

from __future__ import annotations

import asyncio
import io
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from harness.cli.main import main

ANSWERS = ((503, 5.0), (503, None), (503, None), (201, None))
PAUSES = [5.0, 0.2, 0.4]


def written(adapter: str, file: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(folder)
    assert main(["scaffold", "shop", "--adapter", adapter]) == 0
    names: dict[str, Any] = {"__name__": "scaffolded"}
    exec((folder / "shop" / file).read_text(), names)
    return names


@pytest.mark.parametrize("adapter", ["subprocess", "http"])
def test_a_command(adapter: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = written(adapter, "saga.py", tmp_path, monkeypatch)
    answers, pauses = iter(ANSWERS), list[float]()

    def answered(request: urllib.request.Request, timeout: float) -> io.BytesIO:
        status, after_s = next(answers)
        if status == 201:
            return io.BytesIO(b"{}")
        headers = Message()
        if after_s is not None:
            headers["Retry-After"] = str(after_s)
        raise urllib.error.HTTPError(request.full_url, status, "", headers, None)

    monkeypatch.setattr(time, "sleep", pauses.append)
    monkeypatch.setattr(urllib.request, "urlopen", answered)
    monkeypatch.setenv("SAGA_PAYMENTS_URL", "http://127.0.0.1:1")
    assert names["send"]("POST", "payments", "/charges", "key", {}) is None
    assert pauses == PAUSES


def test_a_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = written("callable", "sagas.py", tmp_path, monkeypatch)
    answers: Iterator[tuple[int, float | None]] = iter(ANSWERS)
    pauses = list[float]()

    def answered(request: httpx.Request) -> httpx.Response:
        status, after_s = next(answers)
        return httpx.Response(status, headers={} if after_s is None else {"Retry-After": str(after_s)})

    async def sleep(pause_s: float) -> None:
        pauses.append(pause_s)

    async def send() -> object:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answered)) as client:
            ctx = SimpleNamespace(client=client, urls={"payments": "http://shop"})
            return await names["send"](ctx, "POST", "payments", "/charges", "key")

    names["asyncio"] = SimpleNamespace(sleep=sleep)
    assert asyncio.run(send()) is None
    assert pauses == PAUSES
