from __future__ import annotations

import pytest

from sciinstruct.annotation.parts import after_thinking, critic_verdict, split_parts

ENGLISH = """## Reflection
Error kind: calculation
Step 2 multiplies 3 by 4 and writes 13.

## Corrected solution
The area is 3 m × 4 m = 12 m².

So \\boxed{12 m²}"""

CHINESE = """【反思】
错误类型：理解错误
第一步把直径当成了半径。

【正确解答】
半径为 2 cm，
面积为 4π cm²。
【答案】4π cm²"""


def test_english_parts() -> None:
    parts = split_parts(ENGLISH)
    assert parts is not None
    assert parts.error_kind == "calculation"
    assert parts.reflection.endswith("writes 13.")
    assert parts.solution == "The area is 3 m × 4 m = 12 m².\n\nSo \\boxed{12 m²}", "newlines survive"


def test_chinese_parts() -> None:
    parts = split_parts(CHINESE)
    assert parts is not None
    assert parts.error_kind == "comprehension"
    assert parts.reflection == "错误类型：理解错误\n第一步把直径当成了半径。"
    assert parts.solution == "半径为 2 cm，\n面积为 4π cm²。\n【答案】4π cm²"


@pytest.mark.parametrize(
    "heading",
    [
        "## Corrected solution",
        "### Corrected Solution:",
        "**Corrected solution:**",
        "**Corrected solution**:",
        "Corrected solution:",
        "CORRECTED SOLUTION",
        "## Revised solution",
        "【正确解答】",
        "[正确解答]：",
        "**【正确解答】**",
        "## 正确解答",
        "修正后的解答：",
    ],
)
def test_headings_as_models_write_them(heading: str) -> None:
    parts = split_parts(f"**Reflection:** I misread it.\n{heading}\nx = 2\n\\boxed{{2}}")
    assert parts is not None
    assert parts.solution == "x = 2\n\\boxed{2}"
    assert parts.reflection == "I misread it."


@pytest.mark.parametrize(
    "text",
    [
        "## Reflection\nThe sign is wrong.",
        "## Reflection\nx\n\n## Corrected solution\n   \n",
        "The correct solution should use energy.\nCorrect solution methods vary.",
        "<think>## Corrected solution\nx = 2",
        "",
    ],
)
def test_a_reply_without_the_corrected_part_is_none(text: str) -> None:
    assert split_parts(text) is None


def test_unknown_error_kind_is_other_and_a_missing_one_none() -> None:
    other = split_parts("Error kind: notation\n## Corrected solution\nx")
    unnamed = split_parts("It was wrong.\n## Corrected solution\nx")
    assert other is not None and other.error_kind == "other"
    assert unnamed is not None and unnamed.error_kind is None


def test_thinking_is_no_part_of_a_solution() -> None:
    assert after_thinking("<think>maybe 3?\n</think>\n\nIt is 4.") == "It is 4."
    assert after_thinking("<think>maybe 3") == ""
    assert after_thinking(" plain ") == "plain"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("All steps hold.\nVerdict: right", True),
        ("Step 2 fails.\n**Verdict:** wrong", False),
        ("结论：正确", True),
        ("第二步有误。\n结论：错误", False),
        ("Verdict: right? No.\nVerdict: wrong", False),
        ("I cannot tell.", None),
    ],
)
def test_critic(text: str, expected: bool | None) -> None:
    assert critic_verdict(text) is expected
