"""Theorems out of Lean files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from sciinstruct.collection.lean import lean_files, read_lean_file, theorems
from sciinstruct.records import Question, Rejection

LEAN4 = """\
import Mathlib.Data.Nat.Basic
/-! # Made for a test: theorem not_this : False := by trivial -/

open Nat
namespace Made.Up

variable {a b : ℕ} -- lemma nor_this : False

section inner
variable (c : ℕ)

/-- Adding nothing. -/
@[simp, to_dual (attr := simp) "theorem x := y"]
protected theorem add_nothing (h : a = b := by rfl) : a + 0 = a := by
  -- end
  simp

end inner

open Real in
omit [Foo a] in
/-- A bar is no equation here. -/
lemma bars :
    |a| ≤ b ∧
      |b| ≤ a :=
  bars_proof

theorem by_cases' : ∀ n : ℕ, n = n
  | 0 => rfl
  | _ + 1 => rfl

theorem with_let : let n := 2; n = 2 := rfl

theorem _root_.top.level : True := trivial

theorem gap : 1 = 1 := by sorry

def not_a_theorem := 3
end Made.Up
theorem outside : True := ⟨⟩
"""

LEAN3 = """\
import data.nat.basic
universes u
variables {α : Type u}
namespace old

lemma first (x : α) : x = x :=
begin
  cases foo,
  { refl },
  begin
    refl
  end
end

theorem second : true := trivial
end old
"""


def test_lean_4() -> None:
    rows = {row["full_name"]: row for row in theorems(LEAN4)}
    assert list(rows) == [
        "Made.Up.add_nothing",
        "Made.Up.bars",
        "Made.Up.by_cases'",
        "Made.Up.with_let",
        "top.level",
        "Made.Up.gap",
        "outside",
    ]
    first = rows["Made.Up.add_nothing"]
    assert first["docstring"] == "Adding nothing."
    assert first["context"] == "open Nat\nvariable {a b : ℕ}\nvariable (c : ℕ)"
    assert first["statement"].endswith("add_nothing (h : a = b := by rfl) : a + 0 = a")
    assert first["proof"] == "by\n  -- end\n  simp" and first["proof_style"] == "tactic"
    assert first["line"] == 13
    bars = rows["Made.Up.bars"]
    assert (
        bars["context"].endswith("open Real in\nomit [Foo a] in") and bars["docstring"] == "A bar is no equation here."
    )
    assert (bars["proof"], bars["proof_style"]) == ("bars_proof", "term")
    assert rows["Made.Up.by_cases'"]["proof_style"] == "equations"
    assert rows["Made.Up.with_let"]["proof"] == "rfl"
    assert rows["outside"]["context"] == "open Nat" and rows["outside"]["namespace"] == ""


def test_lean_3_ends_a_proof_at_its_own_end() -> None:
    first, second = theorems(LEAN3)
    assert first["proof"].startswith("begin") and first["proof"].endswith("end") and first["proof_style"] == "tactic"
    assert (second["full_name"], second["proof"]) == ("old.second", "trivial")


def test_a_checkout(tmp_path: Path) -> None:
    root = tmp_path / "mathlib4"
    (root / "Mathlib").mkdir(parents=True)
    (root / ".lake").mkdir()
    (root / ".lake" / "Built.lean").write_text("theorem built : True := trivial\n")
    (root / "Mathlib" / "Made.lean").write_text(LEAN4, encoding="utf-8")
    files = lean_files(root)
    assert [file.name for file in files] == ["Made.lean"]
    rows = list(read_lean_file(files[0], root))
    kept = [row for row in rows if isinstance(row, Question)]
    assert len(kept) == 6 and kept[0].id == "mathlib4/Mathlib/Made.lean:13" and kept[0].source == "mathlib4"
    assert kept[0].type == "proof" and kept[0].meta["lean_version"] == 4 and "namespace Made.Up" in kept[0].question
    (refused,) = [row for row in rows if isinstance(row, Rejection)]
    assert "sorry" in refused.detail and refused.line


@pytest.mark.parametrize(
    "name", ["lean3_mathlib.jsonl.gz", "lean4_mathlib.jsonl.gz", "lean4_physlean.jsonl.gz", "lean4_compfiles.jsonl.gz"]
)
def test_real_theorems_put_into_a_file_come_out_again(data: Path, name: str) -> None:
    asked = right = 0
    with gzip.open(data / "questions" / name, "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            asked += 1
            (found, *_) = [*theorems(_file_of(row)), {}]
            keys = ("statement", "proof", "docstring", "context", "full_name", "proof_style")
            right += all(_same(found.get(key), row[key]) for key in keys)
    assert right >= 0.997 * asked


def _file_of(row: dict[str, str]) -> str:
    parts = [
        f"namespace {row['namespace']}" if row["namespace"] else "",
        row["context"],
        (f"/-- {row['docstring']} -/\n" if row["docstring"] else "")
        + row["statement"]
        + ("\n" if row["proof_style"] in ("equations", "where") else " :=\n")
        + row["proof"],
        "lemma after_it : true := trivial",
    ]
    return "\n\n".join(parts)


def _same(one: str | None, other: str | None) -> bool:
    return (one or "").split() == (other or "").split()
