"""`--config`: what the keys of the file become on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciinstruct.cli.config_file import expand_config
from sciinstruct.errors import ConfigError


def expanded(tmp_path: Path, text: str, *tokens: str) -> list[str]:
    file = tmp_path / "c.yaml"
    file.write_text(text, "utf-8")
    return expand_config(["annotate", *tokens, "--config", str(file)])


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("plan: true", ["--plan"]),
        ("plan: false", []),
        ("second_look: true", ["--second-look"]),
        ("samples: true", ["--samples", "True"]),
        ("seed: null", []),
        ("questions: null", []),
        ("price: {m: [0.5, 1.25]}", ["--price", "m=0.5,1.25"]),
        ("map: {none: [id, subject]}", ["--map", "none=id", "--map", "none=subject"]),
        ("extra: {chat: {thinking: false}}", ["--extra", 'chat={"thinking": false}']),
        ("extra: {stop: ['###', END]}", ["--extra", 'stop=["###", "END"]']),
        ("extra: {bias: null, echo: true}", ["--extra", "bias=null", "--extra", "echo=true"]),
        ("stages: [solve, reflect]", ["--stages", "solve", "--stages", "reflect"]),
    ],
)
def test_a_key_becomes_its_flag(tmp_path: Path, text: str, flags: list[str]) -> None:
    assert expanded(tmp_path, text) == ["annotate", *flags]


@pytest.mark.parametrize("given", [["--max_calls", "9"], ["--max-calls", "9"], ["--max_calls=9"]])
@pytest.mark.parametrize("key", ["max_calls", "max-calls"])
def test_a_flag_beats_the_key_in_either_spelling(tmp_path: Path, given: list[str], key: str) -> None:
    assert expanded(tmp_path, f"{key}: 5", *given) == ["annotate", *given]


@pytest.mark.parametrize(
    ("tokens", "replaced"),
    [
        (["mine.jsonl"], True),
        (["--model", "m", "mine.jsonl"], True),
        (["--plan", "mine.jsonl"], True),
        (["--model=m", "mine.jsonl"], True),
        (["--", "mine.jsonl"], True),
        (["--model", "m"], False),
        (["--plan", "--seed", "-1"], False),
    ],
)
def test_questions_on_the_command_line_replace_those_of_the_file(
    tmp_path: Path, tokens: list[str], replaced: bool
) -> None:
    result = expanded(tmp_path, "questions: [file.jsonl]", *tokens)
    assert result == ["annotate", *([] if replaced else ["file.jsonl"]), *tokens]


def test_a_flag_without_a_value_is_true_or_false(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"c\.yaml: plan: 'soon' is neither true nor false"):
        expanded(tmp_path, "plan: soon")
