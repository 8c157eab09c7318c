from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ..annotation.making import table_bytes, write_case


def sciinstruct(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line in a process of its own."""
    command = [sys.executable, "-m", "sciinstruct", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, check=False)


@pytest.fixture
def case(tmp_path: Path) -> tuple[Path, str]:
    questions, replies = write_case(tmp_path, 20)
    return questions, f"recorded:{replies}"


def test_annotate_show_and_export(case: tuple[Path, str], tmp_path: Path) -> None:
    questions, model = case
    run = tmp_path / "run"
    done = sciinstruct("annotate", questions, "--model", model, "--out", run)
    assert done.returncode == 0, done.stderr
    assert "solve" in done.stdout and "rejected: revise wrong 5" in done.stdout and str(run) in done.stdout
    listed = sciinstruct("show", run)
    assert "q0 " in listed.stdout and "rejected: wrong" in listed.stdout
    shown = sciinstruct("show", run, "q2")
    assert shown.stdout.count("→ ") == 3 and "Accepted at revise" in shown.stdout
    assert "Reference answer: 3" in shown.stdout
    for form in ("chat", "alpaca", "sharegpt", "content-summary"):
        out = tmp_path / f"{form}.jsonl"
        exported = sciinstruct("export", run, "--format", form, "--out", out)
        assert exported.returncode == 0, exported.stderr
        assert len(out.read_text().splitlines()) == 15
    assert (
        json.loads((tmp_path / "content-summary.jsonl").read_text().splitlines()[0])["content"] == "What is 0 plus 1?"
    )


def test_show_names_what_it_cannot_find(case: tuple[Path, str], tmp_path: Path) -> None:
    questions, model = case
    sciinstruct("annotate", questions, "--model", model, "--out", tmp_path / "run")
    several = sciinstruct("show", tmp_path / "run", "q")
    assert several.returncode == 2 and "ids that contain it" in several.stderr
    assert sciinstruct("show", tmp_path / "nowhere").returncode == 2


def test_control_characters_of_a_model_do_not_reach_the_terminal(tmp_path: Path) -> None:
    questions, replies = tmp_path / "q.jsonl", tmp_path / "r.jsonl"
    questions.write_text('{"id": "x", "question": "1+1?", "answer": "2"}\n')
    hostile = "\x1b[2J\x1b]0;owned\x07[bold]1 + 1 = 2[/bold] \\boxed{2}"
    replies.write_text(json.dumps({"question_id": "x", "stage": "solve", "text": hostile}) + "\n")
    sciinstruct("annotate", questions, "--model", f"recorded:{replies}", "--out", tmp_path / "run")
    shown = sciinstruct("show", tmp_path / "run", "x").stdout
    assert "\x1b" not in shown and "\x07" not in shown and "[bold]1 + 1 = 2[/bold]" in shown


def test_a_yaml_file_has_the_same_keys_and_a_flag_beats_it(case: tuple[Path, str], tmp_path: Path) -> None:
    questions, model = case
    config = tmp_path / "run.yaml"
    config.write_text(
        f"questions: {questions}\nmodel: ['{model}']\nout: {tmp_path / 'run'}\nstages: [solve, reflect]\n"
        "concurrency: 3\nprice: {replies: [0.5, 1.25]}\nextra: {reasoning_effort: low}\n"
    )
    done = sciinstruct("annotate", "--config", config, "--concurrency", 5)
    assert done.returncode == 0, done.stderr
    assert "spent in all" in done.stdout
    written = (tmp_path / "run" / "config.yaml").read_text()
    assert "concurrency: 5" in written and "- reasoning_effort=low" in written and "- replies=0.5,1.25" in written


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("concurency: 3", "concurency"),
        ("concurrency: many", "many"),
        ("- a list", "keys with values"),
        ("unknown: maybe", "maybe"),
    ],
)
def test_a_bad_yaml_file_is_an_error(case: tuple[Path, str], tmp_path: Path, lines: str, words: str) -> None:
    questions, model = case
    config = tmp_path / "bad.yaml"
    config.write_text(lines + "\n")
    done = sciinstruct("annotate", questions, "--model", model, "--out", tmp_path / "run", "--config", config)
    assert done.returncode != 0 and words in done.stderr + done.stdout
    assert "Traceback" not in done.stderr and not (tmp_path / "run").exists()


def test_errors_are_one_line(case: tuple[Path, str], tmp_path: Path) -> None:
    questions, _ = case
    done = sciinstruct("annotate", questions, "--model", "what", "--out", tmp_path / "run")
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "'what'" in done.stderr


def test_map_takes_fields_from_other_columns(tmp_path: Path) -> None:
    questions, replies = tmp_path / "q.csv", tmp_path / "r.jsonl"
    questions.write_text("nr,problem_text,answer_number\na,What is 1 plus 1?,2\n")
    replies.write_text(json.dumps({"question_id": "a", "stage": "solve", "text": "1 + 1 = 2. \\boxed{2}"}) + "\n")
    maps = ("--map", "nr=id", "--map", "problem_text=question", "--map", "answer_number=answer")
    done = sciinstruct(
        "annotate",
        questions,
        *maps,
        "--model",
        f"recorded:{replies}",
        "--out",
        tmp_path / "run",
        "--default",
        "subject=math",
    )
    assert done.returncode == 0, done.stderr
    (row,) = pq.read_table(tmp_path / "run" / "instructions.parquet").to_pylist()
    assert (row["id"], row["subject"]) == ("a", "math")


def _start_against(url: str, questions: Path, run: Path, concurrency: int = 8) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sciinstruct", "annotate", str(questions), "--model", f"{url}#test"]
    command += ["--out", str(run), "--concurrency", str(concurrency)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _served(server: subprocess.Popen[str], url: str) -> int:
    import urllib.request

    with urllib.request.urlopen(url.removesuffix("/v1") + "/stats") as response:
        return int(json.load(response)["served"])


@pytest.fixture
def fault_server() -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "sciinstruct.llm.fault_server", "--port", "0", "--latency", "0.05"]
    server = subprocess.Popen([*command, "--answer", "1 + 0 = 1. \\boxed{1}"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    url = next(word for word in server.stdout.readline().split() if word.startswith("http"))
    yield server, url
    server.terminate()
    server.wait()


def test_ctrl_c_stops_cleanly_and_the_same_command_goes_on(
    fault_server: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    server, url = fault_server
    questions, _ = write_case(tmp_path, 60)
    process = _start_against(url, questions, tmp_path / "run")
    _wait_for_calls(server, url, 10)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "run the same command again to go on" in out
    paid = _served(server, url)
    assert paid < 180
    again = _start_against(url, questions, tmp_path / "run")
    out, err = again.communicate(timeout=60)
    assert again.returncode == 0, err
    assert json.loads((tmp_path / "run" / "manifest.json").read_text())["usage"]["total"]["calls"] == _served(
        server, url
    )


def test_killed_three_times_it_pays_at_most_what_was_in_flight_twice(
    fault_server: tuple[subprocess.Popen[str], str], tmp_path: Path
) -> None:
    server, url = fault_server
    questions, _ = write_case(tmp_path, 60)
    assert _start_against(url, questions, tmp_path / "whole").wait() == 0
    whole = _served(server, url)
    for kill in range(3):
        process = _start_against(url, questions, tmp_path / "killed")
        _wait_for_calls(server, url, whole + 15 * (kill + 1))
        process.kill()
        process.communicate()
    assert _start_against(url, questions, tmp_path / "killed").wait() == 0
    assert _served(server, url) - whole <= whole + 3 * 8
    assert table_bytes(tmp_path / "killed") == table_bytes(tmp_path / "whole")


def _wait_for_calls(server: subprocess.Popen[str], url: str, count: int) -> None:
    deadline = time.monotonic() + 60
    while _served(server, url) < count:
        assert time.monotonic() < deadline, "the server was not asked"
        time.sleep(0.02)
