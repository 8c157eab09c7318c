"""Types, figures, topics and subjects of questions."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from pathlib import Path

import pytest

from sciinstruct.collection.preparing import prepared
from sciinstruct.collection.subjects import subject_of
from sciinstruct.collection.tags import needs_figure, question_type, subject_named
from sciinstruct.io import read_questions
from sciinstruct.records import Question


def q(text: str, **fields: object) -> Question:
    return Question(id="x", question=text, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        (q("Which?", options={"A": "a", "B": "b"}), "multiple_choice"),
        (q("Which are right?", type="multiple_answer", answer="AC"), "multiple_choice"),
        (q("水的沸点是____。", answer="100"), "fill_in"),
        (q("What is 2 + 2?", answer="4"), "simple"),
        (q("A ball falls. (a) How long does it fall? (b) How fast is it then?", answer="1 s; 2 m/s"), "complex"),
        (q("Show that the sum of two even numbers is even."), "proof"),
        (q("Show that the answer is 7, and give it.", answer="7"), "simple"),
        (q("theorem x : 1 = 1", reasoning="rfl", type="proof"), "proof"),
    ],
)
def test_types(question: Question, kind: str) -> None:
    assert question_type(question) == kind


@pytest.mark.parametrize(
    "text",
    [
        "In the figure, what is x?",
        "Find the current in Fig. 3.17.",
        "The diagram shows a lens.",
        "如图所示，求力。",
        "见图3，求电流。",
    ],
)
def test_a_figure_is_needed(text: str) -> None:
    assert needs_figure(q(text))


@pytest.mark.parametrize(
    "text",
    [
        "She wants to figure out how much to save.",
        "Give 3 significant figures.",
        "The two movies are shown in total 6 times.",
        "Evaluate the expression shown below: $1 + 1$.",
        "Draw a ray diagram of the image.",
        "In the figure [asy] draw((0,0)--(1,1)); [/asy] what is x?",
        "图中央的恒星",
    ],
)
def test_no_figure_is_needed(text: str) -> None:
    assert not needs_figure(q(text))


def test_what_it_was_before_is_kept() -> None:
    made = prepared(q("⾃然数 的 $$x$$", options={"A": "ＡＢ", "B": "c"}, answer="A", type="single", subject="数学"))
    assert (made.question, made.options, made.subject) == ("自然数的 $x$", {"A": "AB", "B": "c"}, "math")
    assert made.meta["original"] == {"question": "⾃然数 的 $$x$$", "options": {"A": "ＡＢ", "B": "c"}}
    assert made.meta["source_type"] == "single" and made.type == "multiple_choice"
    assert made.meta["tags"] == {"answer_type": "choice", "checkable": True, "needs_figure": False}


def test_what_an_input_claims_is_not_taken_over() -> None:
    claims = {"lean": {"checked": True}, "tags": {"checkable": True}, "contamination": {}, "note": "kept"}
    made = prepared(q("theorem x : 1 = 1", reasoning="rfl", type="proof", subject="math", meta=claims))
    assert made.meta["tags"]["checkable"] is False and set(made.meta) == {"tags", "note"}


def test_why_a_question_cannot_be_checked() -> None:
    made = prepared(
        q(
            "Explain why the sky is blue.",
            answer="Short waves are scattered more strongly than long ones.",
            subject="physics",
        )
    )
    assert not made.meta["tags"]["checkable"] and made.meta["tags"]["reason"]


@pytest.mark.parametrize(
    ("name", "subject"), [("Mathematics", "math"), ("物理", "physics"), ("geology", "geology"), (None, None)]
)
def test_names_of_subjects(name: str | None, subject: str | None) -> None:
    assert subject_named(name) == subject


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("What is the pH of a buffer of 0.1 mol/L acetic acid and 0.1 mol/L sodium acetate?", "chemistry"),
        ("A particle of mass m moves in a magnetic field with velocity v. Find the force on it.", "physics"),
        ("How many positive divisors does 360 have?", "math"),
        ("下列物质的水溶液呈酸性的是", "chemistry"),
    ],
)
def test_subjects_by_the_classifier(text: str, subject: str) -> None:
    found, share = subject_of(q(text))
    assert found == subject and 1 / 6 < share <= 1
    assert prepared(q(text)).meta["subject_by"] == {"classifier": round(share, 2)}


def test_the_model_is_small() -> None:
    assert len((files("sciinstruct.collection") / "subject_model.npz").read_bytes()) < 1_000_000


def test_subjects_of_a_source_that_was_not_trained_on(data: Path) -> None:
    rows = [row for row in read_questions(data / "questions" / "cmmlu_science.jsonl") if isinstance(row, Question)]
    right: Counter[str] = Counter()
    asked = Counter(str(row.subject) for row in rows)
    for row in rows:
        right[str(row.subject)] += subject_of(row)[0] == row.subject
    # Its engineering is Chinese electrical engineering, which the training rows do not have.
    three = ("physics", "chemistry", "math")
    assert sum(right[subject] for subject in three) >= 0.8 * sum(asked[subject] for subject in three)
