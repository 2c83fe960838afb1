"""One browser for all tests; a context of its own for each page."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tests.browser.chromium import NAMED, REQUIRED, found
from tests.unit.cli.console import FIRST_SAGA, saga_chaos

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page

FIRST = FIRST_SAGA.parent


@dataclass
class Opened:
    """A page, and what went wrong while it was open."""

    page: Page
    wrong: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def refuse(self, dialog: Dialog) -> None:
        self.wrong.append(dialog.message)
        dialog.dismiss()


Open = Callable[..., Opened]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip(
        "playwright.sync_api",
        reason="NO BROWSER TEST WAS RUN: Playwright is not installed; nox -s browser brings it and Chromium",
    )
    program = found()
    if program is None:
        message = (
            f"NO BROWSER TEST WAS RUN: there is no Chromium; nox -s browser brings one, {NAMED} names one"
        )
        if os.environ.get(REQUIRED):
            pytest.fail(message)
        pytest.skip(message)
    with sync_api.sync_playwright() as playwright:
        # A container's root may have no sandbox; the page is a file of ours.
        launched = playwright.chromium.launch(executable_path=str(program), args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    contexts = []

    def opened(
        path: Path,
        *,
        width: int = 1280,
        scheme: Literal["light", "dark"] = "light",
        scripts: bool = True,
    ) -> Opened:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=scripts,
            permissions=["clipboard-read", "clipboard-write"],
        )
        contexts.append(context)
        one = Opened(context.new_page())
        one.page.on("console", lambda message: one.wrong.append(f"{message.type}: {message.text}"))
        one.page.on("pageerror", lambda error: one.wrong.append(str(error)))
        one.page.on("dialog", one.refuse)
        one.page.on("request", lambda request: one.requests.append(request.url))
        one.page.goto(path.as_uri())
        return one

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the first saga, and `out`, in which it was found to fail."""
    folder = tmp_path_factory.mktemp("searched")
    for name in ("saga.toml", "sagas.py"):
        (folder / name).write_text((FIRST / name).read_text())
    done = saga_chaos(["run", "saga.toml", "--search", "guided", "--depth", "1", "--out", "out"], folder)
    assert done.returncode == 1, done.stderr
    return folder
