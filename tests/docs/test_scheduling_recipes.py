"""The recipes of docs/scheduling.md, run as written."""

import json
import os
import re
import subprocess
import sys
from datetime import datetime
from types import ModuleType, SimpleNamespace

import pytest
from click.testing import CliRunner
from support.live_server import environment
from support.paths import DOCS

from digitlab.cli import main
from digitlab.settings import bundled

TEXT = (DOCS / "scheduling.md").read_text(encoding="utf-8")
PLACE = "/srv/digits"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def in_place(command, folder):
    """Return the command with this Python's `digitlab` and a home inside `folder`."""
    program = f"{PLACE}/.venv/bin/digitlab"
    assert program in command
    return command.replace(program, f"{sys.executable} -m digitlab").replace(PLACE, str(folder))


def run(command, folder):
    call = ["sh", "-c", command]
    env = environment()
    return subprocess.run(call, capture_output=True, text=True, env=env, cwd=folder, check=False)


@pytest.mark.skipif(sys.platform == "win32", reason="no cron")
def test_the_crontab_command_reports_nothing_new_in_an_empty_home(tmp_path):
    (line,) = blocks("crontab")
    command = line.split(maxsplit=5)[5].strip()
    assert run(in_place(command, tmp_path), tmp_path).returncode == 0
    last = (tmp_path / "runs.log").read_text().splitlines()[-1]
    assert json.loads(last)["outcome"] == "nothing-new"


@pytest.mark.skipif(sys.platform == "win32", reason="no systemd")
def test_the_systemd_command_reports_nothing_new_in_an_empty_home(tmp_path):
    timer, service = blocks("ini")
    assert "OnCalendar=*-*-* 03:00:00" in timer
    (command,) = re.findall(r"^ExecStart=(.*)$", service, re.MULTILINE)
    done = run(in_place(command, tmp_path), tmp_path)
    assert done.returncode == 0
    assert json.loads(done.stdout)["outcome"] == "nothing-new"


def test_the_schedule_command_stores_the_next_due_time(tmp_path):
    (arguments,) = re.findall(r"^    digitlab (schedule .*)$", TEXT, re.MULTILINE)
    cron = re.search(r'"(.*)"', arguments)[1]
    zone = arguments.split()[-1]
    call = ["--home", str(tmp_path), "schedule", "--cron", cron, "--zone", zone, "--once"]
    done = CliRunner().invoke(main, call)
    assert done.exit_code == 0
    assert done.stdout.startswith("nothing is due\nnext: ")
    assert done.stdout.endswith("03:00 (Europe/Berlin)\n")


def test_the_airflow_operator_gets_the_notebook_parameters(monkeypatch):
    """Airflow is not installed: stand-ins replace its two classes; papermill is real."""
    import papermill

    given = {}
    dag = SimpleNamespace(__enter__=lambda self: self, __exit__=lambda self, *e: None)
    operators = "airflow.providers.papermill.operators.papermill"
    for name in ["airflow", *(operators.rsplit(".", n)[0] for n in range(3, 0, -1)), operators]:
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    sys.modules["airflow"].DAG = lambda *args, **kwargs: type("DAG", (), vars(dag))()
    sys.modules[operators].PapermillOperator = lambda **kwargs: given.update(kwargs)
    (recipe,) = [block for block in blocks("python") if "airflow" in block]
    exec(compile(recipe, "docs/scheduling.md", "exec"), {"datetime": datetime})  # noqa: S102
    assert os.path.samefile(given["input_nb"], bundled("notebooks") / "fine_tune.ipynb")
    assert set(given["parameters"]) <= set(papermill.inspect_notebook(given["input_nb"]))
