"""Building the real server with the Go toolchain, once for each machine.

Owns the cache folder and the build lock: of several workers that want the server at once, one builds and
the others wait for it. A build goes into a folder of its own and is moved into place when it is whole.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.cache import cache_folder

VERSION = "2.12.0"
MODULE = "github.com/Shopify/toxiproxy/v2"
BUILD_LIMIT_S = 300.0
REASON_LENGTH = 400

Progress = Callable[[str], None]


class BuildFailed(Exception):  # noqa: N818 -- recorded in the trail, never shown as an error
    """The toolchain could not build the server; the message says why."""


def cached_binary() -> Path:
    """Where the built server is kept."""
    return cache_folder() / "toxiproxy" / VERSION / "toxiproxy-server"


def build(go: str, progress: Progress) -> Path:
    """The server, built now unless another process has just done it."""
    target = cached_binary()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(target.parent / "build.lock"):
            if not target.is_file():
                progress(f"building Toxiproxy {VERSION} into {target.parent} (once, about 25 s)")
                _build_into(target, go)
    except OSError as error:
        raise BuildFailed(f"cannot keep it in {target.parent}: {error}") from error
    return target


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    # The lock goes with the process, so a killed worker leaves nothing to clean up.
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build_into(target: Path, go: str) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="build-") as folder:
        _go_install(go, folder)
        built = Path(folder) / "server"
        if not built.is_file():
            raise BuildFailed(f"{go} install left no server in {folder}")
        built.replace(target)


def _go_install(go: str, folder: str) -> None:
    flags = f"-X {MODULE}.Version={VERSION}"
    command = [go, "install", "-ldflags", flags, f"{MODULE}/cmd/server@v{VERSION}"]
    environment = {**os.environ, "GOBIN": folder}
    try:
        done = subprocess.run(  # noqa: S603 -- a fixed command
            command, env=environment, capture_output=True, text=True, timeout=BUILD_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BuildFailed(f"go install took longer than {BUILD_LIMIT_S:g} s") from error
    if done.returncode != 0:
        raise BuildFailed(f"go install failed: {done.stderr.strip()[-REASON_LENGTH:]}")


def find_go() -> str | None:
    """The Go toolchain, if there is one."""
    return shutil.which("go")
