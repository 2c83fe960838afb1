"""Other sources than the files hold: for callables, and for commands in a copy of their folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from harness.mutation.folders import copy_folder

SCENARIO = """
from harness.adapter import CallableSaga
from harness.participant import ResourceSpec, RestParticipant
from fakes.routes import routes
from harness.saga import SagaSpec, Step
from harness.scenario import Scenario
from wording import WORD

class Shop(RestParticipant):
    name = "shop"
    resources = (ResourceSpec(name="order", routes=routes("order", create="POST /orders")),)

def saga(ctx, input):
    return {"status": WORD}

def scenario():
    spec = SagaSpec(name=WORD, steps=(Step(name="order", action="shop.order.create"),))
    return Scenario(name=WORD, spec=spec, participants=(Shop(),), saga=CallableSaga(saga, "saga"))
"""
LOADING = """
import sys
from pathlib import Path
from harness.loading import load
from harness.mutation.replaced import Replaced, replaced_by
folder = Path(sys.argv[1]).resolve()
replaced = Replaced(texts={str(folder / "wording.py"): 'WORD = "mutant"'})
with replaced_by(replaced, folder / "replaced.json"):
    scenario = load(f"{folder / 'shop_scenario.py'}:scenario")
print(scenario.name, scenario.saga.function(None, None)["status"])
"""


def test_the_saga_is_the_mutants_and_what_judges_it_the_originals(tmp_path: Path) -> None:
    (tmp_path / "shop_scenario.py").write_text(SCENARIO)
    (tmp_path / "wording.py").write_text('WORD = "original"\n')
    command = [sys.executable, "-c", LOADING, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "original mutant\n", done.stderr
    assert (tmp_path / "wording.py").read_text() == 'WORD = "original"\n'


def test_a_command_runs_in_a_copy_that_holds_the_mutant(tmp_path: Path) -> None:
    root, copy = tmp_path / "root", tmp_path / "copy"
    (root / "large").mkdir(parents=True)
    for name, text in {"saga.py": "import helper\n", "helper.py": "print('old')\n", "data.txt": "d"}.items():
        (root / name).write_text(text)
    (root / "large" / "file").write_text("x")
    copy_folder(root, {root / "helper.py": "print('new')\n"}, copy, keep=[root / "saga.py"])
    done = subprocess.run([sys.executable, "saga.py"], cwd=copy, capture_output=True, text=True, check=True)
    assert done.stdout == "new\n"
    (copy / "data.txt").write_text("written by the saga")
    assert (root / "data.txt").read_text() == "d"
    assert (root / "helper.py").read_text() == "print('old')\n"
    assert (copy / "large").is_symlink()
