"""Sets, tuples, labelled values, ratios, intervals, inequalities and matrices."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciinstruct.verification import intervals, matrix, structures
from sciinstruct.verification.policy import Policy

POLICY = Policy()


@pytest.mark.parametrize(
    ("gold", "answer", "value"),
    [
        (r"\{1,2\}", r"\{2, 1\}", "right"),
        (r"\{1,2\}", "1 and 2", "right"),
        (r"\{1,2\}", r"\{1,3\}", "wrong"),
        (r"\{1,2\}", r"\{1,2,3\}", "wrong"),
        (r"\{1,2\}", "(1,2)", "unknown"),
        (r"\{1,2\}", "1", "wrong"),
        ("x=2 or x=-2", r"x=\pm 2", "right"),
        ("x=2 or x=-2", "x=2", "wrong"),
        ("x_1=1, x_2=3", "x=1或x=3", "right"),
        ("x_1=1, x_2=3", "x_1=3, x_2=1", "right"),
        ("V_1=2, V_2=3", "V_1=3, V_2=2", "wrong"),
        ("1和3", "3，1", "right"),
        ("1+\\sqrt{2} or 1-\\sqrt2", "1\\pm\\sqrt{2}", "right"),
        ("(2,3)", "(2, 3)", "right"),
        ("(2,3)", "(3,2)", "wrong"),
        ("(2,3)", "x=2, y=3", "right"),
        ("(2,3)", r"\{2,3\}", "unknown"),
        ("x=2, y=3", "y=3, x=2", "right"),
        ("x=2, y=3", "x=3, y=2", "wrong"),
        ("x=2, y=3", "a=2, b=3", "unknown"),
        ("x=1; y=2; z=3", "x = 1, y = 2, z = 3", "right"),
        ("x=2, y=3", "3, 2", "wrong"),
        ("P(1,2)", "(1,2)", "right"),
        ("(1,2)", "点(1,2)", "right"),
        ("(1,3)", "[1,3]", "unknown"),
        ("(1,3)", "1<x<3", "right"),
        ("(1,3)", "1≤x≤3", "wrong"),
        (r"\{1,2\}", r"\{1,2,2\}", "right"),
        ("3i+4j", "(3,4)", "right"),
        ("3i+4j", r"4\hat{j}+3\hat{i}", "right"),
        ("3i+4j", "(3,4,0)", "right"),
        ("3i+4j", "(4,3)", "wrong"),
        ("(1,2),(3,4)", "(3,4),(1,2)", "right"),
        ("(1,2),(3,4)", "(4,3),(1,2)", "wrong"),
        ("(2,3,-1)", "2i+3j-k", "right"),
        ("(2,3,-1)", r"2\hat{i}+3\hat{j}+\hat{k}", "wrong"),
        (r"(-1, \frac{1}{2})", "(-1,0.5)", "right"),
        ("2 m, 3 m", "300 cm, 200 cm", "right"),
    ],
)
def test_collections(gold: str, answer: str, value: str) -> None:
    parsed = structures.parse(gold)
    assert parsed is not None
    verdict = structures.compare(parsed, answer, POLICY)
    assert verdict.value == value, verdict
    assert verdict.rule in ("set", "tuple", "interval")


def test_the_policy_may_ask_for_order() -> None:
    gold = structures.parse("1, 2, 3")
    assert gold is not None
    assert structures.compare(gold, "3, 2, 1", Policy()).value == "right"
    assert structures.compare(gold, "3, 2, 1", Policy(ordered_lists=True)).value == "wrong"


@pytest.mark.parametrize("text", ["", "5", "x+1", "first, then second", "the heat, the work", "no, yes"])
def test_what_is_no_collection_is_not_parsed(text: str) -> None:
    assert structures.parse(text) is None


@given(st.lists(st.integers(-99, 99), min_size=2, max_size=6, unique=True), st.randoms())
def test_the_order_of_a_set_means_nothing_and_that_of_a_tuple_everything(values: list[int], random: object) -> None:
    turned = values[1:] + values[:1]
    as_set, as_tuple = structures.parse(rf"\{{{str(values)[1:-1]}\}}"), structures.parse(f"({str(values)[1:-1]})")
    assert as_set is not None and as_tuple is not None
    assert structures.compare(as_set, str(turned)[1:-1], POLICY).value == "right"
    assert structures.compare(as_tuple, f"({str(turned)[1:-1]})", POLICY).value == "wrong"
    assert structures.compare(as_set, str([*values[1:], 100])[1:-1], POLICY).value == "wrong"


@pytest.mark.parametrize(
    ("gold", "answer", "value"),
    [
        ("2:3", "4:6", "right"),
        ("2:3", "3:2", "wrong"),
        ("2∶3", r"\frac{2}{3}", "right"),
        ("2比3", "2 to 3", "right"),
        ("1:2:3", "2:4:6", "right"),
        ("1:2:3", "1:2", "wrong"),
        ("a:b", "2a:2b", "right"),
        ("2:3", "about two thirds of it", "unknown"),
    ],
)
def test_ratios(gold: str, answer: str, value: str) -> None:
    parsed = structures.parse_ratio(gold)
    assert parsed is not None
    assert structures.compare_ratio(parsed, answer, POLICY).value == value


@pytest.mark.parametrize(
    ("gold", "answer", "value"),
    [
        (r"(1,2)\cup(3,4)", r"(3,4) \cup (1,2)", "right"),
        (r"(-\infty,1]\cup[10,+\infty)", r"c \in \left(-\infty, 1\right]\cup[10,+\infty)", "right"),
        ("[1,3]", "(1,3)", "wrong"),
        ("[0,1)", "[0,1]", "wrong"),
        ("[1,3]", "1, 3", "unknown"),
        (r"\left[-\frac{3}{2},-1\right]", "[-1.5,-1]", "right"),
        ("(2,+∞)", "x>2", "right"),
        (r"(2,+\infty)", "{x|x>2}", "right"),
        ("(1,2)∪[2,3)", "1<x<3", "right"),
        ("(-∞,-1)∪(3,+∞)", "x<-1或x>3", "right"),
        (r"x \geq 3", "x ⩾ 3", "right"),
        ("x≥3", "3≤x", "right"),
        ("x≥3", "x>3", "wrong"),
        ("x>2", "x<2", "wrong"),
        ("x>2", "y>2", "unknown"),
        ("2<x<5", "x>2 and x<5", "right"),
        ("0<x≤π", r"(0,\pi]", "right"),
        ("a<x<a+1", "(a,1+a)", "right"),
        ("x^2+y^2<1", "1>x^2+y^2", "right"),
        ("x^2+y^2<1", "2x^2+2y^2<2", "right"),
        ("x^2+y^2<1", "x^2+y^2>1", "wrong"),
        ("x^2+y^2<1", r"x^2+y^2 \le 1", "wrong"),
        (r"m\in(1,2)", "1<m<2", "right"),
        ("-1<x<3", "|x-1|<2", "right"),
        ("x<-1 or x>1", "|x|>1", "right"),
        ("x<-1 or x>1", "|x|≥1", "wrong"),
        (r"(-\infty,0)\cup(0,\infty)", "x≠0", "right"),
        ("a>b", "b<a", "right"),
        ("a>b", "a<b", "wrong"),
    ],
)
def test_intervals_and_inequalities(gold: str, answer: str, value: str) -> None:
    parsed = intervals.parse(gold)
    assert parsed is not None
    verdict = intervals.compare(parsed, answer, POLICY)
    assert verdict.value == value, verdict
    assert verdict.rule == ("inequality" if any(sign in gold for sign in "<>≥≤") or "geq" in gold else "interval")


@pytest.mark.parametrize(
    "text", ["(2,3)", "[3,1]", "x=2", "{1,2}", "5", "a word > another word here", "1≠x≠2", "a≠b≠c", ""]
)
def test_what_is_no_interval_is_not_parsed(text: str) -> None:
    assert intervals.parse(text) is None


@pytest.mark.parametrize(
    ("gold", "answer", "value"),
    [
        (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{bmatrix}1 & 2\\ 3 & 4\end{bmatrix}", "right"),
        (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "[[1,2],[3,4]]", "right"),
        (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{pmatrix}1&3\\2&4\end{pmatrix}", "wrong"),
        (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{pmatrix}1&2\end{pmatrix}", "wrong"),
        (r"\frac{1}{2}\begin{pmatrix}2&4\\6&8\end{pmatrix}", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "right"),
        (r"\begin{pmatrix}1&3\\2&4\end{pmatrix}^T", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "right"),
        (r"A = \left[\begin{array}{cc}1&2\\3&4\end{array}\right]", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "right"),
        (r"\begin{pmatrix}1\\2\end{pmatrix}", "(1,2)", "right"),
        (r"\begin{pmatrix}1\\2\end{pmatrix}", "(2,1)", "wrong"),
        (r"\begin{pmatrix}1\\2\end{pmatrix}", "a vector", "unknown"),
    ],
)
def test_matrices(gold: str, answer: str, value: str) -> None:
    parsed = matrix.parse(gold)
    assert parsed is not None
    verdict = matrix.compare(parsed, answer, POLICY)
    assert (verdict.rule, verdict.value) == ("matrix", value), verdict


@given(st.text(alphabet=r"\{}()[]|<>,;:=xy12 ±∪∞&^_orandinfcup≤≠", max_size=60))
def test_no_garbled_structure_is_too_much_for_the_readers(text: str) -> None:
    gold, interval, table = structures.parse("(1,2)"), intervals.parse("[1,2]"), matrix.parse("[[1,2],[3,4]]")
    assert gold is not None and interval is not None and table is not None
    for verdict in (
        structures.compare(gold, text, POLICY),
        intervals.compare(interval, text, POLICY),
        matrix.compare(table, text, POLICY),
    ):
        assert verdict.value in ("right", "wrong", "unknown")
    structures.parse(text), structures.parse_ratio(text), intervals.parse(text), matrix.parse(text)
