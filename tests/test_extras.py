"""What the heavy extras promise, with the real packages: `make test-ml` runs these."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
REPLIES = "recorded:examples/demo/replies.jsonl"

pytestmark = pytest.mark.ml


def sciinstruct(*arguments: str) -> None:
    program = "from sciinstruct.cli.main import main; main()"
    subprocess.run([sys.executable, "-c", program, *arguments], cwd=ROOT, check=True, timeout=300)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("extras") / "run"
    sciinstruct("annotate", "examples/demo/questions.jsonl", "--model", REPLIES, "--judge", REPLIES, "--out", str(out))
    return out


def in_datasets(expression: str, tmp_path: Path) -> list[str]:
    """The words that a fresh interpreter prints for an expression over `datasets`, offline, caches in the folder."""
    environment = {**os.environ, "HF_HOME": str(tmp_path / "cache"), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", f"import datasets; print({expression})"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


def test_an_exported_folder_loads_from_disk(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "set"
    sciinstruct("export", str(run), "--format", "datasets", "--out", str(out))
    loaded = f"datasets.load_from_disk({str(out)!r})"
    assert in_datasets(f"len({loaded}), {loaded}[0]['id']", tmp_path) == ["45", "phys-braking-distance"]


@pytest.mark.parametrize(("name", "rows"), [("instructions", "45"), ("rejected", "3")])
def test_a_run_folder_is_a_data_set_as_its_card_says(run: Path, tmp_path: Path, name: str, rows: str) -> None:
    loaded = f"datasets.load_dataset({str(run)!r}, {name!r}, split='train')"
    assert in_datasets(f"len({loaded})", tmp_path) == [rows]
