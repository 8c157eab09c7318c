from __future__ import annotations

from pathlib import Path

import pytest

from sciinstruct.annotation.prompts import (
    PROMPT_STAGES,
    SYSTEM_LINES,
    language_of,
    load_prompts,
    problem_text,
    reference_text,
)
from sciinstruct.errors import ConfigError
from sciinstruct.records import Question

CHOICE = Question(id="c", question="Which is a noble gas?", options={"A": "O2", "B": "Ne", "C": "Ar"}, answer="BC")
VALUES = {"problem": "P {{solution}} $x$", "solution": "S", "reference": "R"}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("stage", PROMPT_STAGES)
def test_every_stage_begins_with_its_system_line_and_asks_for_the_delimiter(language: str, stage: str) -> None:
    system, user = load_prompts()[language].messages(stage, **VALUES)
    assert system.role == "system" and system.content.splitlines()[0] == SYSTEM_LINES[language][stage]
    assert "P {{solution}} $x$" in user.content, "a text that looks like a placeholder is not filled again"
    assert ("S" in user.content) or stage == "solve"
    if stage != "critic":
        assert ("\\boxed{}" if language == "en" else "【答案】") in user.content


def test_system_lines_tell_stage_and_language_apart() -> None:
    lines = [line for stages in SYSTEM_LINES.values() for line in stages.values()]
    assert len(set(lines)) == len(lines)


def test_only_revise_sees_the_reference() -> None:
    for prompts in load_prompts().values():
        shown = {
            stage
            for stage in PROMPT_STAGES
            if "REFERENCE" in prompts.messages(stage, problem="p", solution="s", reference="REFERENCE")[1].content
        }
        assert shown == {"revise"}


def test_options_stand_below_the_question_and_the_reference_shows_their_text() -> None:
    assert problem_text(CHOICE) == "Which is a noble gas?\nA. O2\nB. Ne\nC. Ar"
    assert reference_text(CHOICE) == "B. Ne\nC. Ar"
    assert reference_text(Question(id="n", question="1+1?", answer="2")) == "2"


def test_language_is_the_questions_own_unless_set() -> None:
    chinese = Question(id="z", question="?", language="zh")
    assert language_of(chinese, "auto") == "zh"
    assert language_of(chinese, "en") == "en"
    assert language_of(Question(id="x", question="?"), "auto") == "en"


def test_a_user_file_replaces_stages_and_changes_the_digest(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("language: en\nversion: mine-1\nsolve: 'Solve: {{problem}} {{delimiter}}'\n")
    before, after = load_prompts()["en"], load_prompts((str(file),))["en"]
    assert after.version == "mine-1"
    assert after.messages("solve", problem="1+1?")[1].content.startswith("Solve: 1+1? State the final answer")
    assert after.messages("solve", problem="")[0].content == SYSTEM_LINES["en"]["solve"]
    assert after.templates["reflect"] == before.templates["reflect"]
    assert after.digest() != before.digest()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("language: fr\nversion: 1\n", "language"),
        ("language: en\n", "version"),
        ("language: en\nversion: a\nsolve: 'no placeholder'\n", "{{problem}} is missing"),
        ("language: en\nversion: a\nsolve: '{{problem}} {{answer}}'\n", "unknown placeholder {{answer}}"),
        ("language: en\nversion: a\njudge: '{{problem}}'\n", "'judge'"),
        ("language: [en", "cannot be read"),
        ("language: [en]\nversion: 1\n", "needs the keys language (en or zh)"),
    ],
)
def test_a_bad_file_is_named_with_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=r"bad\.yaml") as error:
        load_prompts((str(file),))
    assert words in str(error.value)
