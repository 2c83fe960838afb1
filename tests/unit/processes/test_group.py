"""A command in a group of its own: what it says, its ends, and that nothing of it stays."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from harness.clock.real import monotonic_ns, monotonic_s
from harness.errors import UsageError
from harness.processes import Command, Group, Watch, find, sweep
from harness.processes.hosts import on_host, permitted
from harness.processes.ports import listens, wait_until_free

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals and /proc as Linux has them")

Begin = Callable[..., Group]

ESCAPES = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
os.wait()
"""
LISTENS = """
import os, socket, sys, time
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
if os.fork():
    os._exit(0)
os.setsid()
time.sleep(60)
"""


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    groups: list[Group] = []

    def start(code: str, **rest: object) -> Group:
        line = (sys.executable, "-S", "-E", "-c", code)
        command = Command(line=line, cwd=tmp_path, **rest)  # type: ignore[arg-type]
        mark = f"test-{os.getpid()}-{monotonic_ns()}"
        groups.append(Group(command, mark=mark, files=tmp_path / f"group-{len(groups)}"))
        return groups[-1]

    yield start
    for group in groups:
        group.reap()
        assert find(group.mark) == ()


def ended(group: Group) -> int:
    watch = Watch()
    watch.wait([group], monotonic_s() + 10)
    watch.close()
    code = group.exit_code()
    assert code is not None
    return code


def soon(told: Callable[[], object]) -> bool:
    deadline_s = monotonic_s() + 5
    while not told() and monotonic_s() < deadline_s:
        time.sleep(0.005)
    return bool(told())


def test_input_output_and_environment(begin: Begin) -> None:
    code = (
        "import os, sys\n"
        "print(sys.stdin.read(), os.environ['WORD'])\n"
        "print('oh', file=sys.stderr)\n"
        "sys.exit(3)"
    )
    group = begin(code, stdin=b"given", env={"WORD": "told"})
    assert ended(group) == 3
    assert (group.stdout(), group.stderr()) == ("given told\n", "oh\n")


def test_it_leads_a_session_of_its_own(begin: Begin) -> None:
    group = begin("import time; time.sleep(60)")
    assert os.getsid(group.pid) == group.pid != os.getsid(0)


def test_much_output_does_not_block_it(begin: Begin) -> None:
    group = begin("print('x' * 3_000_000); print('OUTCOME')")
    assert ended(group) == 0
    assert group.stdout().endswith("x\nOUTCOME\n")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (("no-such-program", "a"), "No such file or directory"),
        (("./plain.txt",), "Permission denied"),
        (("./broken.sh",), "Exec format error"),
        (("./",), "Permission denied"),
    ],
)
def test_what_cannot_be_started(tmp_path: Path, line: tuple[str, ...], why: str) -> None:
    (tmp_path / "plain.txt").write_text("no program")
    (tmp_path / "broken.sh").write_text("no first line")
    (tmp_path / "broken.sh").chmod(0o755)
    with pytest.raises(UsageError) as caught:
        Group(Command(line=line, cwd=tmp_path), mark="test-none", files=tmp_path / "x")
    assert f"command {list(line)} in {tmp_path}: found {why!r}" in str(caught.value)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    command = Command(line=("true",), cwd=tmp_path / "gone")
    with pytest.raises(UsageError, match="found 'no such folder', expected one to start the command in"):
        Group(command, mark="test-none", files=tmp_path / "x")


def test_freeze_and_wake(begin: Begin) -> None:
    group = begin("import os, time\nif os.fork() == 0: time.sleep(60)\ntime.sleep(60)")
    assert soon(lambda: len(find(group.mark)) == 2)
    group.freeze()
    assert soon(lambda: _states(group) == {psutil.STATUS_STOPPED})
    group.wake()
    assert soon(lambda: psutil.STATUS_STOPPED not in _states(group))


def _states(group: Group) -> set[str]:
    return {psutil.Process(one.pid).status() for one in find(group.mark)}


def test_a_kill_takes_the_whole_group(begin: Begin) -> None:
    group = begin("import os, time\nif os.fork() == 0: time.sleep(60)\ntime.sleep(60)")
    assert soon(lambda: len(find(group.mark)) == 2)
    group.kill()
    assert ended(group) == -9
    assert soon(lambda: find(group.mark) == ())


def test_who_left_the_group_is_found_and_buried(begin: Begin) -> None:
    group = begin(ESCAPES)
    assert ended(group) == 0
    [left] = group.left()
    assert os.getpgid(left.pid) != group.pid
    group.reap()
    assert find(group.mark) == ()


def test_a_port_that_is_left_bound_is_told_and_freed(begin: Begin) -> None:
    group = begin(LISTENS)
    assert ended(group) == 0
    port = int(group.stdout())
    [left] = group.left()
    assert left.ports == (port,)
    assert str(left).endswith(f"(pid {left.pid}, listening at {port})")
    assert listens("127.0.0.1", port)
    group.reap()
    assert wait_until_free("127.0.0.1", port, 1.0)


def test_a_sweep_takes_the_marks_below_too(begin: Begin, tmp_path: Path) -> None:
    over = f"test-{os.getpid()}-over-{monotonic_ns()}"
    line = (sys.executable, "-S", "-E", "-c", "import time; time.sleep(60)")
    groups = [
        Group(Command(line=line, cwd=tmp_path), mark=f"{over}.{number}", files=tmp_path / f"{number}")
        for number in range(2)
    ]
    other = begin("import time; time.sleep(60)")
    assert sweep(over) == 2
    assert [ended(group) for group in groups] == [-9, -9]
    assert other.exit_code() is None
    for group in groups:
        group.reap()


def test_burying_twice_is_no_harm(begin: Begin) -> None:
    group = begin("pass")
    group.reap()
    group.reap()
    group.kill()


# Waiting -----------------------------------------------------------------------------------------


def test_a_wait_ends_by_a_wake_from_another_thread() -> None:
    watch = Watch()
    began_s = monotonic_s()
    threading.Timer(0.05, watch.wake).start()
    watch.wait([], began_s + 10)
    assert 0.04 < monotonic_s() - began_s < 5
    watch.wait([], monotonic_s() + 0.02)  # the wake was taken
    watch.close()


def test_a_wait_ends_in_time(begin: Begin) -> None:
    group = begin("import time; time.sleep(60)")
    watch = Watch()
    began_s = monotonic_s()
    watch.wait([group], began_s + 0.05)
    assert 0.045 < monotonic_s() - began_s < 5
    watch.close()


def test_what_cannot_be_watched_is_polled() -> None:
    class Blind:
        def fileno(self) -> None:
            return None

    watch = Watch()
    began_s = monotonic_s()
    watch.wait([Blind()], began_s + 10)
    assert monotonic_s() - began_s < 5
    watch.close()


# Another machine ---------------------------------------------------------------------------------


def test_another_host_name(begin: Begin) -> None:
    group = begin(
        "import os, socket; print(os.environ['HOSTNAME'], socket.gethostname())", host="saga-node-2"
    )
    assert ended(group) == 0, group.stderr()
    said = group.stdout().split()
    assert said[0] == "saga-node-2"
    assert (said[1] == "saga-node-2") == permitted()
    assert group.pid != os.getpid()


def test_where_it_is_not_permitted_the_command_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.processes.hosts.permitted", lambda: False)
    assert on_host("saga-node-2", ("true",)) == ("true",)
