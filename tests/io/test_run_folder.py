"""The run folder: its lock, what it refuses, and files that are there whole or not at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from sciinstruct.errors import RunFolderError
from sciinstruct.io import RunFolder, config_difference, read_questions

HOLD = """
import sys, time
from sciinstruct.io import RunFolder
run = RunFolder.open(sys.argv[1], create=True)
print("held", flush=True)
time.sleep(60)
"""


def test_a_new_folder_and_its_paths(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path / "deep" / "run", create=True) as run:
        files = (run.config, run.manifest, run.ledger, run.progress, run.attempts, run.instructions, run.rejected)
        assert [path.name for path in (*files, run.card)] == [
            "config.yaml", "manifest.json", "ledger.sqlite", "progress.sqlite", "attempts.parquet",
            "instructions.parquet", "rejected.parquet", "README.md",
        ]  # fmt: skip
        assert run.read_manifest() == {} == run.read_config()


def test_two_openers_in_one_process(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path / "run", create=True):
        with pytest.raises(RunFolderError, match=f"in use by pid {os.getpid()} on "):
            RunFolder.open(tmp_path / "run")
        RunFolder.open(tmp_path / "run", lock=False).close()  # reading alone is always possible
    RunFolder.open(tmp_path / "run").close()


def test_the_lock_of_another_process_ends_with_it(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "run")], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(RunFolderError, match=f"in use by pid {holder.pid} on "):
            RunFolder.open(tmp_path / "run", create=True)
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
    RunFolder.open(tmp_path / "run").close()


def test_foreign_folders_are_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", "utf-8")
    with pytest.raises(RunFolderError, match=r"not a run folder, and it holds other files \(notes.txt\)"):
        RunFolder.open(tmp_path, create=True)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_missing_or_empty_folder_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunFolderError, match="no run folder here; run `sciinstruct annotate"):
        RunFolder.open(tmp_path / "none")
    with pytest.raises(RunFolderError, match="the folder is empty"):
        RunFolder.open(tmp_path, lock=False)


def test_a_path_under_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(RunFolderError) as raised:
            RunFolder.open(path, create=True)
        assert str(path) in str(raised.value)
        assert "choose another folder" in str(raised.value)


def test_a_copy_without_hidden_files_is_still_a_run(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path / "run", create=True) as run:
        run.write_manifest({"state": "finished"})
    (tmp_path / "run" / ".lock").unlink()
    assert RunFolder.open(tmp_path / "run", lock=False).read_manifest()["state"] == "finished"


def test_leftovers_of_a_killed_process_go(tmp_path: Path) -> None:
    RunFolder.open(tmp_path / "run", create=True).close()
    leftover = tmp_path / "run" / ".attempts.parquet.part"
    leftover.write_text("half", "utf-8")
    RunFolder.open(tmp_path / "run", lock=False)
    assert leftover.exists()  # a reader removes nothing: the writer may be alive
    RunFolder.open(tmp_path / "run").close()
    assert not leftover.exists()


def test_the_manifest_is_kept_readable(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path / "run", create=True) as run:
        run.write_manifest({"models": {"solve": "模型"}, "counts": {"rows": 3}})
        assert run.read_manifest() == {
            "format": "sciinstruct run", "format_version": 1, "models": {"solve": "模型"}, "counts": {"rows": 3},
        }  # fmt: skip
        assert "模型" in run.manifest.read_text("utf-8")
        run.manifest.write_text('{"models": ', "utf-8")
        with pytest.raises(RunFolderError, match=r"manifest.json: not readable"):
            run.read_manifest()


def test_a_changed_config_is_logged_and_a_same_one_is_not(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path / "run", create=True) as run:
        assert (
            run.write_config({"concurrency": 64, "prompts": {"en": "v1"}, "model": ("a", "b"), "out": tmp_path}) == {}
        )
        run.write_manifest({"state": "stopped"})
        first = run.config.read_text("utf-8")
        assert (
            run.write_config({"concurrency": 64, "prompts": {"en": "v1"}, "model": ["a", "b"], "out": tmp_path}) == {}
        )
        assert run.config.read_text("utf-8") == first
        changes = {"concurrency": [64, 8], "prompts.en": ["v1", "v2"], "samples": [None, 2]}
        now = {"concurrency": 8, "prompts": {"en": "v2"}, "model": ["a", "b"], "out": tmp_path, "samples": 2}
        assert run.write_config(now) == changes
        assert run.read_config()["concurrency"] == 8
        run.write_manifest({"state": "finished"})  # a manifest that is written anew keeps the changes
        manifest = run.read_manifest()
    assert manifest["state"] == "finished"
    assert [entry["changes"] for entry in manifest["config_changes"]] == [changes]
    assert yaml.safe_load(first)["model"] == ["a", "b"]


def test_differences_between_configs() -> None:
    assert config_difference({}, {}) == {}
    assert config_difference({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}, "d": None}) == {"a.c": [2, 3]}
    assert config_difference({"a": {"b": 1}}, {"a": 5}) == {"a": [None, 5], "a.b": [1, None]}


def test_a_config_is_plain_yaml(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path / "run", create=True) as run:
        run.write_config({"path": Path("x"), "title": "问", "none": None, "rate": 0.5})
        assert json.dumps(run.read_config(), ensure_ascii=False) == (
            '{"path": "x", "title": "问", "none": null, "rate": 0.5}'
        )


@pytest.mark.parametrize("mark", [".lock", "manifest.json"])
def test_a_run_inside_a_folder_of_questions_is_not_read_as_questions(tmp_path: Path, mark: str) -> None:
    (tmp_path / "q.jsonl").write_text('{"id": "own", "question": "q"}\n', "utf-8")
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "q.jsonl").write_text('{"id": "below", "question": "q"}\n', "utf-8")
    with RunFolder.open(tmp_path / "more" / "run", create=True) as run:
        run.write_manifest({})
        (run.path / "instructions.jsonl").write_text('{"id": "of the run", "question": "q"}\n', "utf-8")
    for other in {".lock", "manifest.json"} - {mark}:
        (run.path / other).unlink()
    assert [row.id for row in read_questions(tmp_path)] == ["below", "own"]
