"""What the doctor says of sagas that are processes of their own, and of callables that outlive theirs."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.cli import scaffold
from harness.conformance import Check, conformance
from harness.loader import load_scenario
from tests.unit.cli.console import saga_chaos

DURABLE = 'claims = ["lost_reply", "process_death"]'
INPUT = "inputs = [{ sku = 'A1' }]"


def mine(folder: Path, adapter: str = "subprocess") -> Path:
    """A scaffolded saga, which keeps the whole contract."""
    scaffold.run(
        Namespace(name="mine", adapter=adapter, service=None, openapi=None, step=None, into=str(folder))
    )
    return folder / "mine"


def changed(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, text
    file.write_text(text.replace(old, new))


def examined(folder: Path) -> list[Check]:
    return list(conformance(load_scenario(str(folder / "saga.toml"), registered=None), print))


def failed(checks: list[Check]) -> list[Check]:
    return [one for one in checks if not one.good and not one.aside]


@dataclass(frozen=True, slots=True)
class Broken:
    """A saga with one thing wrong: what is changed in a file, and what the doctor finds and advises."""

    old: str
    new: str
    says: tuple[str, ...]
    remedy: str = ""
    file: str = "saga.py"
    limits: str = ""


TELL = '    print("OUTCOME " + json.dumps(outcome), flush=True)'
BROKEN = {
    "cannot be started": Broken(
        file="saga.toml",
        old='"python3", "saga.py"',
        new='"./no-such-program"',
        says=("no-such-program", "expected a program that can be started"),
        remedy="to try it by hand: cd ",
    ),
    "says nothing": Broken(
        old=TELL,
        new="    pass",
        says=("when nothing fails: ", "printed nothing", "expected a line OUTCOME"),
        remedy="""echo '{"sku":"A1"}' | SAGA_STORE_DIR=/tmp SAGA_INVENTORY_URL=http://127.0.0.1:9001 """,
    ),
    "never ends": Broken(
        old=TELL,
        new="    time.sleep(600)",
        limits="time_limit_s = 1\npatience_s = 0.5",
        says=("when nothing fails: ", "no outcome within 1 s"),
    ),
    "leaves a child": Broken(
        old=TELL,
        new=f"    __import__('subprocess').Popen(['sleep', '600'])\n{TELL}",
        says=("the saga left behind: ", "process sleep", "expected nothing of it to run"),
        remedy="wait for whatever it starts, or end it",
    ),
    "forgets which way it goes": Broken(
        old="    os.replace(beside",
        new="    return\n    os.replace(beside",
        says=("killed at its first undo", "it breaks "),
        remedy="write to SAGA_STORE_DIR that it is being undone",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_doctor_finds(name: str, tmp_path: Path) -> None:
    broken = BROKEN[name]
    folder = mine(tmp_path)
    changed(folder / "saga.toml", DURABLE, f"{DURABLE}\n{INPUT}\n{broken.limits}")
    changed(folder / broken.file, broken.old, broken.new)
    found = failed(examined(folder))
    told = [one for one in found if all(words in one.sentence for words in broken.says)]
    assert told, found
    assert broken.remedy in told[0].remedy


def test_what_a_saga_does_not_claim_is_told_and_not_held_against_it(tmp_path: Path) -> None:
    folder = mine(tmp_path)
    changed(folder / "saga.toml", DURABLE, 'claims = ["lost_reply"]')
    forgetful = BROKEN["forgets which way it goes"]
    changed(folder / "saga.py", forgetful.old, forgetful.new)
    changed(folder / "saga.py", '{"saga_id": saga_id, "input"', '{"input"')
    checks = examined(folder)
    assert failed(checks) == []
    assert any("does not claim process_death" in one.sentence for one in checks)
    aside = [one for one in checks if one.aside and not one.good]
    assert any("killed at its first undo" in one.sentence for one in aside)
    (nameless,) = [one for one in aside if "without saga_id" in one.sentence]
    assert "inventory.reservation.create" in nameless.sentence
    assert "send saga_id" in nameless.remedy


@pytest.mark.parametrize("adapter", ["subprocess", "http"])
def test_the_doctor_says_what_a_saga_keeps(adapter: str, tmp_path: Path) -> None:
    folder = mine(tmp_path, adapter)
    changed(folder / "saga.toml", DURABLE, f"{DURABLE}\n{INPUT}")
    done = saga_chaos(["doctor", "mine/saga.toml"], tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for said in (
        "ok       it starts, and says how it ended as the contract has it",
        "ok       when nothing fails, it ends completed",
        "ok       when payments is refused, it ends compensated",
        "ok       killed when payments was applied and not yet answered, and resumed, it ends completed",
        "ok       killed at its first undo, and resumed where nothing is refused any more, it ends comp",
        "ok       its requests carry a key in Idempotency-Key",
        "ok       its requests say whose they are, by saga_id",
        "ok       it reads its input",
        "ok       it leaves nothing running",
    ):
        assert said in done.stdout, done.stdout


def test_a_callable_that_claims_to_outlive_its_process_is_killed_too(tmp_path: Path) -> None:
    folder = mine(tmp_path, "callable")
    changed(folder / "saga.toml", '["lost_reply"]', '["lost_reply", "process_death"]')
    found = failed(examined(folder))
    assert found
    assert all(one.sentence.startswith("killed at its first undo") for one in found)
    assert all("write to ctx.store_dir that it is being undone" in one.remedy for one in found)


def test_a_check_is_a_line_and_a_remedy() -> None:
    check = Check(good=False, sentence="it hums", remedy="oil it")
    assert check.lines() == ("FAILED   it hums", "           oil it")
    assert replace(check, good=True).lines() == ("ok       it hums",)
    assert replace(check, aside=True).lines()[0] == "note     it hums"
