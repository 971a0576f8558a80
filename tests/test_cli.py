import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from typer.testing import CliRunner

from sourcing import integers
from sourcing.cli import app
from sourcing.cli.shared import EXIT_CODES
from sourcing.components.stock import Stockpile
from sourcing.doctor import tiny_instance
from sourcing.files import plan_of
from sourcing.plan import make_plan
from sourcing.sheets import AuditFailed, NoSolution
from sourcing.workbook import read, write_folder

ROOT = Path(__file__).parents[1]


def run(*words, code=0):
    """Run a command line in this process; its result."""
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == code, f"{done.output}\n{done.stderr}"
    return done


@pytest.fixture
def tiny(tmp_path):
    """A folder of an instance that needs 10 t and can make 8 t."""
    write_folder(tiny_instance(), tmp_path / "tiny")
    return tmp_path / "tiny"


def test_readme_commands_are_two_lines_that_this_program_knows():
    block = re.search(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    first, second = block.strip().splitlines()
    assert first.startswith("python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/sourcing ")
    assert second.endswith("&& .venv/bin/python -m pytest")
    command, instance = first.rsplit(".venv/bin/sourcing ", 1)[1].split()
    assert (ROOT / instance).is_dir()
    run(command, ROOT / instance, "--dry-run")


def test_readme_names_every_command_and_exit_code():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in app.registered_commands:
        assert f"sourcing {command.callback.__name__}" in text
    asked = re.findall(r"^sourcing (\w+) .*?((?: --[\w-]+[^#\n]*)?)(?:#|$)", text, re.MULTILINE)
    for command, options in asked:
        known = run(command, "--help").stdout
        assert all(option in known for option in re.findall(r"--[\w-]+", options)), command
    assert re.findall(r"^\| (\d) \|", text, re.MULTILINE) == list("012345678")


def test_solve_writes_the_plan_beside_the_instance(tiny):
    done = run("solve", tiny)
    target = tiny.with_name("tiny.plan.xlsx")
    assert plan_of(target) == "tiny"
    # 8 of 10 t are met
    assert "Demand met   80.0 % (8 of 10 t)" in done.stdout
    assert "works, 2026: 2.0 t" in done.stdout
    assert done.stdout.rstrip().replace("\n", "").replace(" ", "").endswith(str(target).replace(" ", ""))
    run("solve", tiny)  # a plan of the same instance is replaced without asking


def test_solve_writes_a_report_beside_the_plan(tiny):
    page = tiny.with_name("tiny.plan.html")
    assert str(page) in run("solve", tiny, "--report", "html").stdout
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert json.loads(run("solve", tiny, "--report", "html", "--json").stdout)["report"] == str(page)
    page.write_text("mine", encoding="utf-8")
    assert "--force" in run("solve", tiny, "--report", "html", code=8).stderr
    assert page.read_text(encoding="utf-8") == "mine"


def test_plan_and_report_are_written_both_or_not_at_all(tiny, monkeypatch):
    run("solve", tiny, "--report", "html")
    files = [tiny.with_name("tiny.plan.xlsx"), tiny.with_name("tiny.plan.html")]
    before = [file.read_bytes() for file in files]

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("sourcing.report.html.write_html", stopped)
    assert "nothing was written" in run("solve", tiny, "--report", "html", code=130).stderr
    assert [file.read_bytes() for file in files] == before


def test_a_report_without_matplotlib_says_what_to_install(tiny, monkeypatch):
    monkeypatch.setattr("sourcing.cli.shared.find_spec", lambda name: None)
    done = run("solve", tiny, "--report", "html", code=2)
    assert "pip install 'allied-sourcing[report]'" in " ".join(done.stderr.split())
    assert not tiny.with_name("tiny.plan.xlsx").exists()


def test_solve_as_json_is_one_object(tiny):
    done = run("solve", tiny, "--json")
    found = json.loads(done.stdout)
    assert found["status"] == "optimal"
    assert found["short_t"] == pytest.approx(2.0)
    assert found["plan"] == str(tiny.with_name("tiny.plan.xlsx"))
    assert found["input_sha256"] == read(tiny).sha256()
    assert {"read", "write", "total"} <= set(found["seconds"])
    documented = {"objective_musd", "bound_musd", "gap", "costs_musd", "positions_musd", "shortage_value_musd",
                  "cvar_musd", "demand_t", "delivered_t", "short", "model", "audit", "version"}  # fmt: skip
    assert documented <= set(found)


def test_a_dry_run_writes_nothing(tiny):
    assert "Demand 1" in run("solve", tiny, "--dry-run").stdout
    assert not tiny.with_name("tiny.plan.xlsx").exists()


def test_a_view_is_passed_on(tiny):
    assert json.loads(run("solve", tiny, "--json", "--view", "buyer").stdout)["view"] == "buyer"
    run("solve", tiny, "--view", "seller", code=2)


def test_what_exists_is_replaced_only_by_force(tiny, tmp_path):
    notes = tmp_path / "notes.xlsx"
    notes.write_text("notes")
    assert "--force" in run("solve", tiny, "-o", notes, code=8).stderr
    assert notes.read_text() == "notes"
    run("solve", tiny, "-o", notes, "--force")
    assert plan_of(notes) == "tiny"


def test_wrong_usage(tiny, tmp_path):
    assert "there is no file or folder" in run("solve", tmp_path / "nothing", code=2).stderr
    assert "there is no file or folder" in run("check", tmp_path / "nothing", code=2).stderr
    run("solve", tiny, "-o", tmp_path / "plan.pdf", code=2)
    run("solve", tiny, "--gap", "2", code=2)
    run("no-such-command", code=2)
    run("template", tmp_path / "a.csv", code=2)
    run("template", tmp_path / "a.xlsx", "--periods", "soon", code=2)
    run("template", tmp_path / "a.xlsx", "--example", "nothing", code=2)
    run("template", tmp_path / "a.xlsx", "--example", "starter", "--periods", "2026:2027", code=2)
    run("convert", tiny, tmp_path / "a.ods", code=2)
    run("schema", "--md", "--json", code=2)


def test_a_plan_that_is_not_proven(tiny, monkeypatch):
    def unproven(*given, **named):
        return replace(make_plan(*given, **named), status="feasible")

    monkeypatch.setattr("sourcing.study.screening.make_plan", unproven)
    run("solve", tiny, code=3)
    assert tiny.with_name("tiny.plan.xlsx").exists()


@pytest.mark.parametrize(
    ("fault", "code"), [(AuditFailed("flow"), 5), (NoSolution("time"), 7), (ZeroDivisionError("x"), 1)]
)
def test_without_a_plan_nothing_is_written(tiny, monkeypatch, fault, code):
    def fail(*_, **__):
        raise fault

    monkeypatch.setattr("sourcing.study.screening.make_plan", fail)
    done = run("solve", tiny, code=code)
    assert str(fault) in done.stderr
    assert "Traceback" not in done.output + done.stderr
    assert "Traceback" in run("solve", tiny, "--debug", code=code).stderr
    assert json.loads(run("solve", tiny, "--json", code=code).stdout)["exit_code"] == code
    assert [path.name for path in tiny.parent.iterdir()] == ["tiny"]


def test_an_instance_without_a_plan_gets_a_book_that_says_why(tmp_path):
    # 100 t must lie in stock at the works, and 8 t can be made
    stock = Stockpile(stockpile="s", holder="us", site="works", material="ore", label=("clean",), minimum=100.0)
    write_folder(tiny_instance().with_rows(stock), tmp_path / "tiny")
    done = run("solve", tmp_path / "tiny", code=6)
    assert "No plan exists" in done.stderr
    assert openpyxl.load_workbook(tmp_path / "tiny.plan.xlsx").sheetnames == ["Why", "Run"]
    assert json.loads(run("solve", tmp_path / "tiny", "--json", code=6).stdout)["status"] == "infeasible"


def spoil(tiny):
    sites = tiny / "Sites.csv"
    sites.write_text(sites.read_text().replace("works,", "warks,"))


def test_check_tells_every_fault_at_its_cell(tiny):
    run("check", tiny)
    spoil(tiny)
    done = run("check", tiny, code=4)
    assert re.search(r"✗ .*tiny   \d errors?", done.stdout)
    assert "'works'" in done.stdout
    assert "Traceback" not in run("solve", tiny, code=4).stderr


def test_check_as_json(tiny):
    spoil(tiny)
    found = json.loads(run("check", tiny, "--json", code=4).stdout)
    assert found["valid"] is False
    assert {"severity", "tab", "cell", "column", "value", "message", "suggestion"} == set(found["issues"][0])
    assert json.loads(run("solve", tiny, "--json", code=4).stdout)["status"] == "invalid"


def test_strict_counts_warnings():
    warned = ROOT / "instances" / "allied-2026"  # of a hazard of 0.6 % a year it is asked whether 60 is meant
    run("check", warned)
    run("check", warned, "--strict", code=4)


def test_readme_and_help_say_the_same_about_exit_codes():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    table = {int(code): words for code, words in re.findall(r"^\| (\d+) \| (.*) \|$", text, re.MULTILINE)}
    assert table == EXIT_CODES
    told = " ".join(re.sub(r"[^\x20-\x7e·]", " ", run("--help").stdout).split())
    for code, words in EXIT_CODES.items():
        assert f"{code} {words}" in told


def test_template_and_convert_lose_nothing(tmp_path):
    book, folder, again = tmp_path / "s.xlsx", tmp_path / "folder", tmp_path / "again.xlsx"
    assert run("template", book, "--example", "starter").stdout.strip() == str(book)
    run("convert", book, folder)
    run("convert", folder, again)
    assert read(again).sha256() == read(book).sha256() == read(ROOT / "instances" / "starter").sha256()
    run("template", book, code=8)  # a planner's work is never replaced without --force
    run("convert", book, folder, code=8)
    run("convert", book, book, code=8)
    run("template", book, "--periods", "2030:2031", "--force")
    assert openpyxl.load_workbook(book)["Periods"]["A2"].value == "2030"


def test_schema_prints_the_tabs():
    assert "## Lanes" in run("schema").stdout
    assert json.loads(run("schema", "--json").stdout)["tabs"][0]["tab"] == "Settings"


def test_doctor_makes_a_plan(monkeypatch):
    assert "made, proven and audited" in run("doctor").stdout

    def fail(*_, **__):
        raise ImportError("no solver")

    monkeypatch.setattr("sourcing.plan.make_plan", fail)
    assert json.loads(run("doctor", "--json", code=7).stdout)["works"] is False


def test_version():
    assert re.fullmatch(r"sourcing \d+\.\d+\.\d+\S*\n", run("--version").stdout)


def test_nothing_heavy_is_imported_before_a_command_needs_it():
    code = "import sys, sourcing.cli; print([m for m in ('pandas', 'numpy', 'pyomo', 'openpyxl') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def outside(*words, **more):
    """Run the command line in a process of its own."""
    code = "from sourcing.cli import main; main()"
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.run(command, capture_output=True, env=os.environ | more, check=False)


def test_a_stream_that_knows_no_signs_gets_plain_ones(tiny):
    spoil(tiny)
    done = outside("check", tiny, PYTHONIOENCODING="cp1252")
    assert done.returncode == 4
    assert done.stdout.startswith(b"x ")
    assert b"\x1b" not in done.stdout  # no colours in a pipe


def test_a_reader_that_leaves_is_no_fault():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-c", "from sourcing.cli import main; main()", "schema"], stdout=writer,
                          stderr=subprocess.PIPE)  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


# ------------------------------------------------------------------------------------------------ progress and Ctrl-C


@pytest.fixture
def interrupted(monkeypatch):
    """A function that has Ctrl-C pressed while a plan is made, each time that what is told fulfils a condition."""
    monkeypatch.setattr(integers, "SMALL", 0)

    def at(*conditions):
        waiting = list(conditions)

        def make(*args, tell, **options):
            def told(stage, best=None, bound=None):
                tell(stage, best, bound)
                if waiting and waiting[0](stage, best):
                    waiting.pop(0)
                    signal.raise_signal(signal.SIGINT)

            return make_plan(*args, tell=told, **options)

        monkeypatch.setattr("sourcing.study.screening.make_plan", make)

    before = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield at
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


def has_plan(_, best):
    return best is not None


def test_the_first_interrupt_writes_the_plan_in_hand(interrupted, tmp_path):
    interrupted(has_plan)
    target = tmp_path / "plan.xlsx"
    done = run("solve", ROOT / "instances" / "starter", "-o", target, "--gap", 0, code=3)
    words = re.search(r"a plan could be up to ([\d.]+) M USD \((0\.\d\d) %\) cheaper", done.stderr)
    assert "Finishing: the plan so far is worked out and written" in done.stderr
    assert f"Not proven: a plan could be up to {words[1]} M USD cheaper." in " ".join(done.stdout.split())
    book = openpyxl.load_workbook(target)
    first = " ".join(str(cell) for row in book.worksheets[0].values for cell in row if cell is not None)
    assert f"Not proven: a plan could be up to {words[1]} M USD cheaper." in first
    assert ("left out", "Price of rules; Label tracking; Failures") in {row[:2] for row in book["Data notes"].values}


@pytest.mark.parametrize(
    "when",
    [
        (has_plan, has_plan),
        (has_plan, lambda stage, _: stage == "bottlenecks and decisions"),
        (lambda stage, _: stage == "linear model",),
        (lambda stage, _: stage == "rounding",),
    ],
    ids=["twice", "after the search", "before a plan", "in the first rounding"],
)
def test_a_second_interrupt_or_one_before_any_plan_writes_nothing(interrupted, tmp_path, when):
    interrupted(*when)
    done = run("solve", ROOT / "instances" / "starter", "-o", tmp_path / "plan.xlsx", "--gap", 0, code=130)
    assert "stopped; nothing was written" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_before_the_search_stops_at_once(interrupted, tiny, monkeypatch):
    monkeypatch.setattr("sourcing.study.screening.make_plan", lambda *_, **__: signal.raise_signal(signal.SIGINT))
    assert json.loads(run("solve", tiny, "--json", code=130).stdout)["error"] == "stopped"


def test_an_interrupt_after_the_search_takes_nothing_from_the_proof(interrupted, tiny):
    interrupted(lambda stage, _: stage == "price of rules")
    assert "Finishing" in run("solve", tiny).stderr
    assert ("left out", "Price of rules; Label tracking; Failures") in {
        row[:2] for row in openpyxl.load_workbook(tiny.with_name("tiny.plan.xlsx"))["Data notes"].values
    }
