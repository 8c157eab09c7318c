"""Options of a choice question in all the forms they come in, and the letters of the right ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from .cells import kind_of
from .fields import NumberText, RowFault

__all__ = ["Options", "answer_letters", "is_choice_type", "parse_options", "split_question"]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PREFIXES = {length: tuple(_LETTERS[:length]) for length in range(2, len(_LETTERS) + 1)}
_LABEL = re.compile(r"\s*[(（]?\s*([A-Za-z])\s*[)）.．、:：]?\s*")
_LABELLED = re.compile(r"\s*(?:[(（]\s*([A-Z])\s*[)）]|([A-Z])\s*[)）.．、:：])\s*")
_SEPARATORS = re.compile(r"[\s,，、;；/&+和与及()（）.．]|\band\b")
# "A." or "(A)" where an option may begin: at a line's start, or after a blank, a bracket or a Chinese sign
_MARKER = re.compile(
    r"(?:^|(?<=[\s（(:：;；,，。?？!！」”）)])|(?<=[\u4e00-\u9fff])(?=[A-Z]\s?[.．]))"
    r"(?:[(（]\s*([A-Z])\s*[)）]|([A-Z])\s{0,2}[.．、:：)）])",
    re.MULTILINE,
)
_NARROW = str.maketrans("．：）", ".:)")
_TRAILING_CUE = re.compile(r"\s*(?:Answer|Correct answer|答案|答)\s*[:：]?\s*\Z", re.IGNORECASE)
_LEADING_CUE = re.compile(r"\s*(?:Answer choices|Options|Choices|选项)\s*[:：]\s*\Z", re.IGNORECASE)


class Options(NamedTuple):
    """Options by letter.

    `letters` has every option in the source's order, also the empty ones that `texts` leaves out; `letter_of` leads
    from the labels of the source to letters; `listed` says that there were no labels.
    """

    texts: dict[str, str]
    letters: tuple[str, ...]
    letter_of: Mapping[str, str] = {}
    listed: bool = False


def parse_options(value: Any) -> Options | None:
    """Read options given as a dict, a list, a list of label and text, or a string of any of these.

    Empty options are left out (the letters of the others stay). None where there are no options at all.
    Raises RowFault where the value is none of these forms.
    """
    if isinstance(value, str):
        value = _from_string(value)
    if not value:
        return None
    if isinstance(value, dict):
        if _is_plain(value):
            return Options(value, tuple(value))
        if set(value) >= {"text", "label"} and isinstance(value["text"], list) and isinstance(value["label"], list):
            return _labelled(list(zip(value["label"], value["text"], strict=False)), value)
        return _labelled(list(value.items()), value)
    if isinstance(value, list | tuple):
        value = list(value)
        if all(isinstance(item, dict) for item in value):
            return _labelled([_label_and_text(item, value) for item in value], value)
        return _listed(value)
    raise RowFault(f"the options are {kind_of(value)}, not an object or a list of texts", "options", value)


def _is_plain(options: dict[Any, Any]) -> bool:
    """Whether the options are texts under A, B, C, … already (nearly always: worth a short way)."""
    if len(options) < 2 or not all(type(text) is str and text and not text.isspace() for text in options.values()):
        return False
    return tuple(options) == _PREFIXES.get(len(options))


def _from_string(text: str) -> Any:
    if text.strip() in ("", "null", "None"):
        return None
    if text.lstrip()[0] in "[{":
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError) as error:
            raise RowFault(f"the options look like JSON but are not: {error}", "options", text) from None
    split = split_question("\n" + text)
    if split is None or split[0]:
        raise RowFault("the options are a text without the marks A., B., … at its start", "options", text)
    return split[1]


def _label_and_text(item: dict[str, Any], options: Any) -> tuple[Any, Any]:
    label = next((item[key] for key in ("label", "key", "letter", "id") if key in item), None)
    text = next((item[key] for key in ("text", "content", "value", "option") if key in item), None)
    if label is None:
        raise RowFault("an option is an object without label and text", "options", options)
    return label, text


def _labelled(pairs: list[tuple[Any, Any]], source: Any) -> Options | None:
    """Options with labels: single letters are kept, other labels are lettered in order."""
    letters = [match[1].upper() if (match := _LABEL.fullmatch(str(label))) else "" for label, _ in pairs]
    if not all(letters):
        if len(pairs) > len(_LETTERS):
            raise RowFault(f"{len(pairs)} options are more than there are letters", "options", source)
        letters = list(_LETTERS[: len(pairs)])
    if len(set(letters)) != len(letters):
        raise RowFault("two options have the same letter", "options", source)
    texts = _checked({letter: text for letter, (_, text) in zip(letters, pairs, strict=True)}, source)
    letter_of = {str(label).strip(): letter for letter, (label, _) in zip(letters, pairs, strict=True)}
    return Options(texts, tuple(letters), letter_of) if texts else None


def _listed(items: list[Any]) -> Options | None:
    if len(items) > len(_LETTERS):
        raise RowFault(f"{len(items)} options are more than there are letters", "options", items)
    letters = tuple(_LETTERS[: len(items)])
    texts = _checked(dict(zip(letters, items, strict=True)), items)
    if texts is None:
        return None
    marks = [_LABELLED.match(text) for text in texts.values()]
    if [mark and (mark[1] or mark[2]) for mark in marks] == list(texts):  # "(A)2", "(B)4": the label is not the text
        bare = {letter: text[mark.end() :] for (letter, text), mark in zip(texts.items(), marks, strict=True) if mark}
        texts = bare
    return Options(texts, letters, listed=True)


def _checked(options: dict[str, Any], source: Any) -> dict[str, str] | None:
    """The options as texts, empty ones left out; None where all are empty."""
    texts = {}
    for letter, text in options.items():
        if type(text) is str:
            if text and not text.isspace():
                texts[letter] = text
        elif isinstance(text, (NumberText, int, float)):
            texts[letter] = str(text)
        elif text is not None:
            raise RowFault(f"option {letter} is {kind_of(text)}, not a text", "options", source)
    if len(texts) == 1:
        raise RowFault("there is only one option", "options", source)
    return texts or None


def is_choice_type(kind: str | None) -> bool:
    """Whether the type of a question, in the source's words, says that options are to be chosen from."""
    if not kind:
        return False
    kind = kind.lower()
    return "choice" in kind or "mcq" in kind or "multiple_answer" in kind or "选" in kind


def answer_letters(answer: str, options: Options) -> str:
    """The letters of the right options, sorted; raises RowFault where the answer is none of the options.

    Accepted are a label, several letters with or without separators ("CA", "A, C"), "(D)", "D. text of D", and the
    full text of one option.
    """
    texts = options.texts
    if answer in texts:
        return answer
    if answer in options.letter_of and options.letter_of[answer] in texts:
        return options.letter_of[answer]
    letters = _letter_run(answer)
    if letters and all(letter in texts for letter in letters):
        return "".join(sorted(letters))
    same = [letter for letter, text in texts.items() if text.strip().casefold() == answer.casefold()]
    if len(same) == 1:
        return same[0]
    mark = _LABELLED.match(answer)
    if mark:
        letter, rest = mark[1] or mark[2], answer[mark.end() :].strip()
        if letter in texts and rest in ("", texts[letter].strip()):
            return letter
    raise RowFault(f"the answer is not among the options {', '.join(texts)}", "answer", answer)


def _letter_run(answer: str) -> list[str] | None:
    """The letters of "C", "c", "CA" or "a, c"; None for anything that may be a word."""
    parts = [part for part in _SEPARATORS.split(answer) if part]
    if len(parts) == 1 and parts[0].isupper():
        parts = list(parts[0])
    letters = [part.upper() for part in parts]
    if not letters or any(len(part) != 1 or part not in _LETTERS for part in letters):
        return None
    return letters if len(set(letters)) == len(letters) else None


def split_question(text: str) -> tuple[str, dict[str, str]] | None:
    """Part a text into its stem and the options inside it; None where that is not possible without doubt.

    Options are marked "A.", "A、", "A)", "(A)" or full-width, beginning with A, each letter once and in order. Of
    several such rows of marks (the stem may have one of its own) the longest counts.
    """
    marks = list(_MARKER.finditer(text))
    best: list[re.Match[str]] = []
    for candidates in _rows_of_marks(text, marks):
        run = _run_of_letters(candidates)
        if len(run) > len(best):
            best = run
    if not best:
        return None
    following = chr(ord(_letter(best[-1])) + 1)
    if any(_letter(mark) == following for mark in marks if mark.start() > best[-1].start()):
        return None  # the last option would swallow the next one
    return _cut(text, best)


def _letter(mark: re.Match[str]) -> str:
    return str(mark[1] or mark[2])


def _rows_of_marks(text: str, marks: list[re.Match[str]]) -> Iterator[list[re.Match[str]]]:
    """All marks, those of one style, and of each the ones at line starts."""
    styles = dict.fromkeys(mark[0][-1].translate(_NARROW) if mark[2] else "()" for mark in marks)
    yield marks
    for style in styles:
        same = [mark for mark in marks if (mark[0][-1].translate(_NARROW) if mark[2] else "()") == style]
        yield same
        yield [mark for mark in same if not text[text.rfind("\n", 0, mark.start()) + 1 : mark.start()].strip()]


def _run_of_letters(marks: list[re.Match[str]]) -> list[re.Match[str]]:
    """The marks from the last A to the end, if they are A, B, C, … without a gap or a repetition."""
    letters = [_letter(mark) for mark in marks]
    if "A" not in letters:
        return []
    start = len(letters) - 1 - letters[::-1].index("A")
    run = letters[start:]
    return marks[start:] if len(run) > 1 and run == list(_LETTERS[: len(run)]) else []


def _cut(text: str, run: list[re.Match[str]]) -> tuple[str, dict[str, str]] | None:
    ends = [mark.start() for mark in run[1:]] + [len(text)]
    options = {_letter(mark): text[mark.end() : end].strip() for mark, end in zip(run, ends, strict=True)}
    last = _letter(run[-1])
    options[last] = _TRAILING_CUE.sub("", options[last])
    if not all(options.values()):
        return None
    return _LEADING_CUE.sub("", text[: run[0].start()]).rstrip(), options
