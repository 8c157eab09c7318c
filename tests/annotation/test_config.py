"""The options of `annotate` as Python gives them: what is no value of theirs is one error that names it."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from sciinstruct.annotation.config import AnnotateConfig, columns
from sciinstruct.annotation.setup import resolve_plan
from sciinstruct.errors import ConfigError
from sciinstruct.pipeline import annotate

from .making import write_case


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("language", "fr", "'fr' is not one of auto, en, zh"),
        ("unknown", "foo", "'foo' is not one of reject, continue, accept"),
        ("stages", ["solve", "judge"], "'judge' is not one of solve, reflect, revise"),
        ("samples", 2.5, "2.5 is not a whole number"),
        ("samples", True, "True is not a whole number"),
        ("concurrency", "64", "'64' is not a whole number"),
        ("seed", None, "None is not a whole number"),
        ("max_calls", "9", "'9' is not a whole number or None"),
        ("budget", math.nan, "nan is not a finite number or None"),
        ("timeout", math.nan, "nan is not a finite number"),
        ("timeout", 0, "0 is not more than 0"),
        ("temperature", "hot", "'hot' is not a finite number or None"),
        ("plan", "yes", "'yes' is not True or False"),
        ("controls", -1, "-1 is less than 0"),
        ("judge", None, "None is neither a text nor a list of texts"),
        ("judge", [7], "7 is not a text"),
        ("map", ["question"], "'question' is not of the form KEY=VALUE"),
        ("map", ["a=question", "b=question"], "question is given two columns, 'a' and 'b'"),
        ("default", [7], "7 is not a text of the form KEY=VALUE"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_accepted(name: str, value: Any, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        AnnotateConfig(**{"model": "m", name: value})
    assert str(error.value).startswith(f"{name}: ") and words in str(error.value)


def test_extra_arrives_as_it_was_given() -> None:
    extra = {
        "chat_template_kwargs": {"enable_thinking": False},
        "stop": ["###", "END"],
        "logit_bias": None,
        "reasoning_effort": "low",
        "user": "17",
        "top_k": 20,
        "suffix": "",
    }
    plan = resolve_plan(AnnotateConfig(model="m", extra=extra), {"solve": "m"})
    assert plan.sampling["solve"].extra == extra


def test_a_price_is_numbers_with_commas() -> None:
    assert AnnotateConfig(model="m", price={"m": [0.5, 1.25]}).price == ("m=0.5,1.25",)


def test_one_column_may_serve_several_fields_and_none_too() -> None:
    several = {"id": "none", "subject": "none", "topic": "key", "source": "key"}
    assert columns(("none=id", "none=subject", "key=topic", "key=source")) == several
    assert columns(AnnotateConfig(model="m", map={"none": ["id", "subject"]}).map) == {"id": "none", "subject": "none"}


def test_fields_that_are_not_to_be_read_are_not(tmp_path: Path) -> None:
    questions, replies = write_case(tmp_path, 2)
    run = annotate(questions, model=f"recorded:{replies}", out=tmp_path / "run", map=["none=id", "none=subject"])
    made = [json.loads(line) for line in questions.read_text().splitlines()]
    outcomes = list(run)
    assert len(outcomes) == len(made)
    assert all(outcome.question.id.startswith("q-") and outcome.question.subject is None for outcome in outcomes)
