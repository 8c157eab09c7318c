"""The prompts of the loop, in English and Chinese, and how a question stands in them.

The wording is the project's own, with the meaning of the prompts in SciInstruct (arXiv 2401.07950, section 3.2): solve;
reflect on a solution that is said to be wrong; revise with the reference answer at hand. A user's YAML file replaces
any of the stages; the first line of the system message stays, because models are told apart by stage through it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

import yaml

from ..errors import ConfigError
from ..records import Language, Message, Question

__all__ = [
    "PROMPT_STAGES",
    "SYSTEM_LINES",
    "PromptSet",
    "language_of",
    "load_prompts",
    "problem_text",
    "reference_text",
]

PROMPT_STAGES = ("solve", "reflect", "revise", "critic")

SYSTEM_LINES: dict[Language, dict[str, str]] = {
    "en": {
        "solve": "You are a science teacher who solves problems step by step.",
        "reflect": "You are a science teacher who finds the error in a wrong solution and corrects it.",
        "revise": "You are a science teacher who finds the error in a wrong solution and derives the known answer.",
        "critic": "You are a science teacher who checks a solution step by step.",
    },
    "zh": {
        "solve": "你是一位理科教师，负责一步一步地解答题目。",
        "reflect": "你是一位理科教师，负责找出错误解答中的问题并加以改正。",
        "revise": "你是一位理科教师，负责找出错误解答中的问题并推导出已知的答案。",
        "critic": "你是一位理科教师，负责逐步检查一份解答。",
    },
}

DELIMITERS: dict[Language, str] = {
    "en": "State the final answer once, at the very end, inside \\boxed{}.",
    "zh": "最后单独写一行最终答案，格式为：【答案】最终答案",
}

_NEEDED = {
    "solve": {"problem"},
    "reflect": {"problem", "solution"},
    "revise": {"problem", "solution", "reference"},
    "critic": {"problem", "solution"},
}
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class PromptSet:
    """Prompts of one language: `templates` maps a stage to its user message with {{placeholders}}."""

    language: Language
    version: str
    templates: Mapping[str, str]

    def messages(self, stage: str, **values: str) -> tuple[Message, ...]:
        """System and user message of `stage`, placeholders filled from `values` in one pass (so texts are never
        re-read)."""
        filled = {"delimiter": DELIMITERS[self.language], **values}
        user = _PLACEHOLDER.sub(lambda match: filled[match[1]], self.templates[stage])
        return (
            Message(role="system", content=SYSTEM_LINES[self.language][stage]),
            Message(role="user", content=user),
        )

    def digest(self) -> str:
        """Hex digest of the wording, for the manifest and for telling runs with other prompts apart."""
        text = repr((self.language, sorted(self.templates.items()), DELIMITERS, SYSTEM_LINES))
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def load_prompts(paths: tuple[str, ...] = ()) -> dict[Language, PromptSet]:
    """The prompt sets by language, with the stages that the user's YAML files replace.

    A file has the keys `language` (en or zh), `version`, and any of solve, reflect, revise, critic. Raises
    ConfigError for an unknown key, an unknown or missing placeholder, or a missing version.
    """
    sets = {language: _built_in(language) for language in SYSTEM_LINES}
    for path in paths:
        replaced = _read_file(Path(path))
        own = sets[replaced.language]
        sets[replaced.language] = PromptSet(
            language=own.language, version=replaced.version, templates={**own.templates, **replaced.templates}
        )
    return sets


def _built_in(language: Language) -> PromptSet:
    source = resources.files(__package__).joinpath("templates", f"{language}.yaml").read_text(encoding="utf-8")
    data = yaml.safe_load(source)
    return PromptSet(language=language, version=data.pop("version"), templates=data)


def _read_file(path: Path) -> PromptSet:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"prompt file {path}: cannot be read: {error}") from error
    if not isinstance(data, dict) or data.get("language") not in tuple(SYSTEM_LINES) or not data.get("version"):
        raise ConfigError(f"prompt file {path}: needs the keys language (en or zh) and version")
    templates = {key: value for key, value in data.items() if key not in ("language", "version")}
    for stage, text in templates.items():
        _check_template(path, stage, text)
    return PromptSet(language=data["language"], version=str(data["version"]), templates=templates)


def _check_template(path: Path, stage: str, text: object) -> None:
    if stage not in _NEEDED or not isinstance(text, str):
        raise ConfigError(f"prompt file {path}: key {stage!r}: expected text under one of {', '.join(_NEEDED)}")
    found = set(_PLACEHOLDER.findall(text))
    if missing := _NEEDED[stage] - found:
        raise ConfigError(f"prompt file {path}: stage {stage}: placeholder {{{{{min(missing)}}}}} is missing")
    if unknown := found - _NEEDED[stage] - {"delimiter"}:
        raise ConfigError(f"prompt file {path}: stage {stage}: unknown placeholder {{{{{min(unknown)}}}}}")


def problem_text(question: Question) -> str:
    """The question as a model or a student sees it: its text, then its options as "A. text", one a line."""
    if not question.options:
        return question.question
    options = "\n".join(f"{label}. {text}" for label, text in question.options.items())
    return f"{question.question}\n{options}"


def reference_text(question: Question) -> str:
    """The reference answer as the revise stage shows it: for a choice question each right option with its text."""
    answer = question.answer or ""
    options = question.options or {}
    if answer and options and all(letter in options for letter in answer):
        return "\n".join(f"{letter}. {options[letter]}" for letter in answer)
    return answer


def language_of(question: Question, wanted: Literal["auto", "en", "zh"]) -> Language:
    """Language of the prompts for `question`: the one asked for, else the question's own, else English."""
    if wanted != "auto":
        return wanted
    return question.language or "en"
