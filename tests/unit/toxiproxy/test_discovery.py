import stat
from pathlib import Path
from typing import Literal

import pytest

from harness.errors import UsageError
from harness.toxiproxy.discovery import URL_VARIABLE, Tried, explain, find_server
from harness.toxiproxy.errors import ProxyUnavailable

GO_THAT_FAILS = "#!/bin/sh\necho no network here >&2\nexit 1\n"
GO_THAT_BUILDS = """#!/bin/sh
printf '#!/bin/sh\\necho toxiproxy-server version 2.12.0\\n' > "$GOBIN/server"
chmod +x "$GOBIN/server"
"""


def _script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture(autouse=True)
def _nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    monkeypatch.setenv("SAGA_CHAOS_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    (tmp_path / "bin").mkdir()


def _found(trail: tuple[Tried, ...]) -> list[bool]:
    return [tried.found for tried in trail]


def test_nothing_here_means_embedded_and_says_so(tmp_path: Path) -> None:
    _script(tmp_path / "bin" / "go", GO_THAT_FAILS)
    said: list[str] = []
    choice = find_server("auto", said.append)
    assert (choice.kind, choice.binary, choice.url) == ("embedded", None, None)
    assert _found(choice.trail) == [False] * 4
    assert "no network here" in choice.trail[-1].detail
    assert "using the embedded proxy" in said[-1]


def test_toxiproxy_wanted_but_not_to_be_had_names_every_place(tmp_path: Path) -> None:
    _script(tmp_path / "bin" / "go", GO_THAT_FAILS)
    with pytest.raises(
        ProxyUnavailable, match=r"SAGA_CHAOS.*PATH.*built earlier.*go install failed: no network"
    ):
        find_server("toxiproxy", lambda _: None)


def test_a_build_is_done_once_and_kept(tmp_path: Path) -> None:
    _script(tmp_path / "bin" / "go", GO_THAT_BUILDS)
    said: list[str] = []
    first = find_server("auto", said.append)
    second = find_server("auto", said.append)
    kept = tmp_path / "cache" / "toxiproxy" / "2.12.0" / "toxiproxy-server"
    assert (first.place, first.binary, second.place, second.binary) == (
        "go install",
        kept,
        "built earlier",
        kept,
    )
    assert len(said) == 1
    assert sorted(path.name for path in kept.parent.iterdir()) == ["build.lock", "toxiproxy-server"]


def test_path_comes_before_the_cache(tmp_path: Path) -> None:
    program = "#!/bin/sh\necho toxiproxy-server version 2.9.0\n"
    wanted = _script(tmp_path / "bin" / "toxiproxy-server", program)
    _script(tmp_path / "cache" / "toxiproxy" / "2.12.0" / "toxiproxy-server", program)
    assert find_server("toxiproxy", lambda _: None).binary == wanted


def test_a_running_server_comes_first(embedded_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, embedded_url)
    choice = find_server("auto", lambda _: None)
    assert (choice.place, choice.url, choice.kind) == (URL_VARIABLE, embedded_url, "embedded")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "ftp://x", "http://192.0.2.1:8474", "http://h:x"])
def test_a_url_that_leads_nowhere_is_recorded(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL_VARIABLE, url)
    tried = explain()[0]
    assert (tried.place, tried.found) == (URL_VARIABLE, False)


@pytest.mark.parametrize("wanted", ["auto", "toxiproxy"])
def test_no_other_server_is_taken_in_place_of_one_that_is_named(
    wanted: Literal["auto", "toxiproxy"], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _script(tmp_path / "bin" / "toxiproxy-server", "#!/bin/sh\necho toxiproxy-server version 2.9.0\n")
    monkeypatch.setenv(URL_VARIABLE, "http://127.0.0.1:1")
    with pytest.raises(ProxyUnavailable, match=rf"{URL_VARIABLE}: http://127.0.0.1:1 gave no version"):
        find_server(wanted, lambda _: None)
    assert [tried.found for tried in explain()] == [False]


def test_explain_builds_nothing(tmp_path: Path) -> None:
    _script(tmp_path / "bin" / "go", GO_THAT_BUILDS)
    assert _found(explain()) == [False, False, False, True, True]
    assert not (tmp_path / "cache").exists()


def test_an_unknown_kind_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="embedded"):
        find_server("embeded", lambda _: None)  # type: ignore[arg-type]
