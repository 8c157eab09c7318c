from __future__ import annotations

import pytest

from sciinstruct.annotation.loop import Ask, self_reflection
from sciinstruct.errors import RequestRefusedError, TransportError
from sciinstruct.records import Question, Reply

from .driving import plan, reflected, run_loop

QUESTION = Question(
    id="q", question="What is 6 times 7?", answer="42", subject="math", source="tests", licence="CC0-1.0"
)
RIGHT = "6 times 7 is 6 + 6 + 6 + 6 + 6 + 6 + 6 = 42.\n\\boxed{42}"
WRONG = "6 times 7 is 41.\n\\boxed{41}"
OTHER_WRONG = "6 times 7 is 6 * 6 + 7 = 43.\n\\boxed{43}"
CHOICE = Question(id="c", question="Which gas is noble?", options={"A": "N2", "B": "Ne", "C": "O2"}, answer="B")


def test_right_at_once_is_accepted_at_solve_with_newlines_kept() -> None:
    outcome, asked = run_loop(QUESTION, {("solve", 0): RIGHT})
    assert outcome.instruction is not None
    assert outcome.instruction.stage == "solve"
    assert outcome.instruction.reasoning == RIGHT
    assert [message.role for message in outcome.instruction.messages] == ["user", "assistant"]
    assert outcome.instruction.messages[0].content == QUESTION.question
    assert (outcome.instruction.licence, outcome.instruction.subject) == ("CC0-1.0", "math")
    assert len(asked) == 1


def test_wrong_then_reflected() -> None:
    outcome, asked = run_loop(QUESTION, {("solve", 0): WRONG, ("reflect", 0): reflected(RIGHT)})
    assert outcome.instruction is not None and outcome.instruction.stage == "reflect"
    assert outcome.instruction.reasoning == RIGHT, "the reflection stays with the attempts"
    assert [a.verdict.value for a in outcome.attempts] == ["wrong", "right"]
    assert outcome.attempts[1].error_kind == "calculation"
    shown = asked[1].messages[1].content
    assert WRONG in shown and "42" not in shown, "reflect is told that it is wrong, not what is right"


def test_wrong_twice_then_revised_with_the_reference() -> None:
    script = {("solve", 0): WRONG, ("reflect", 0): reflected(OTHER_WRONG), ("revise", 0): reflected(RIGHT)}
    outcome, asked = run_loop(QUESTION, script)
    assert outcome.instruction is not None and outcome.instruction.stage == "revise"
    assert OTHER_WRONG in asked[2].messages[1].content and "Reference answer:\n42" in asked[2].messages[1].content


def test_wrong_to_the_end_is_rejected_with_everything_that_was_tried() -> None:
    script = {("solve", 0): WRONG, ("reflect", 0): reflected(WRONG), ("revise", 0): reflected(OTHER_WRONG)}
    outcome, _ = run_loop(QUESTION, script)
    assert outcome.rejection is not None
    assert (outcome.rejection.stage, outcome.rejection.reason) == ("revise", "wrong")
    assert len(outcome.attempts) == 3 and outcome.final


def test_stages_can_be_left_out() -> None:
    outcome, asked = run_loop(QUESTION, {("solve", 0): WRONG}, plan("solve"))
    assert outcome.rejection is not None and outcome.rejection.stage == "solve"
    outcome, asked = run_loop(QUESTION, {("solve", 0): WRONG, ("revise", 0): reflected(RIGHT)}, plan("solve", "revise"))
    assert [request.stage for request in asked] == ["solve", "revise"]


def test_choice_question_is_revised_with_the_text_of_its_option() -> None:
    script = {
        ("solve", 0): "It is nitrogen. \\boxed{A}",
        ("reflect", 0): reflected("It is oxygen. \\boxed{C}"),
        ("revise", 0): reflected("Neon has a full outer shell, so it does not react. \\boxed{B}"),
    }
    outcome, asked = run_loop(CHOICE, script)
    assert outcome.instruction is not None and outcome.instruction.stage == "revise"
    assert "Reference answer:\nB. Ne" in asked[2].messages[1].content
    assert outcome.instruction.question == CHOICE.question, "the question stays bare"
    assert outcome.instruction.messages[0].content.endswith("A. N2\nB. Ne\nC. O2")


def test_rounds_of_reflection_show_the_latest_wrong_solution() -> None:
    script = {("solve", 0): WRONG, ("reflect", 0): reflected(OTHER_WRONG), ("reflect", 1): reflected(RIGHT)}
    outcome, asked = run_loop(QUESTION, script, plan(rounds=2))
    assert outcome.instruction is not None and outcome.attempts[-1].round == 1
    assert OTHER_WRONG in asked[2].messages[1].content
    assert asked[1].seed != asked[2].seed


def test_all_samples_are_checked_and_the_first_right_one_is_kept() -> None:
    script = {("solve", 0): WRONG, ("solve", 1): RIGHT, ("solve", 2): RIGHT + " "}
    outcome, asked = run_loop(QUESTION, script, plan(samples={"solve": 3}))
    assert [a.verdict.value for a in outcome.attempts] == ["wrong", "right", "right"], "the pass rate is kept"
    assert outcome.instruction is not None and outcome.instruction.reasoning == RIGHT
    assert len({request.key() for request in asked}) == 3


# -- replies that cannot be checked -----------------------------------------------------------------------------------


def test_truncated_is_asked_again_once_with_more_room() -> None:
    cut = Reply(text="6 times 7 is", finish_reason="length")
    outcome, asked = run_loop(QUESTION, {("solve", 0): cut, ("solve", 1): RIGHT})
    assert outcome.instruction is not None
    assert outcome.attempts[0].verdict.rule == "truncated" and outcome.attempts[0].finish_reason == "length"
    assert [request.sampling.max_tokens for request in asked] == [100, 200]


def test_truncated_twice_counts_as_wrong_even_if_an_answer_stands_in_it() -> None:
    cut = Reply(text="\\boxed{42} because", finish_reason="length")
    script = {("solve", 0): cut, ("solve", 1): cut, ("reflect", 0): reflected(RIGHT)}
    outcome, asked = run_loop(QUESTION, script)
    assert [request.stage for request in asked] == ["solve", "solve", "reflect"]
    assert outcome.instruction is not None and outcome.instruction.stage == "reflect"


def test_unstated_is_asked_again_once() -> None:
    outcome, _ = run_loop(QUESTION, {("solve", 0): "We multiply the numbers.", ("solve", 1): RIGHT})
    assert outcome.instruction is not None and outcome.attempts[0].verdict.rule == "unstated"
    unstated = {("solve", 0): "We multiply.", ("solve", 1): "We multiply."}
    outcome, _asked = run_loop(QUESTION, unstated, plan("solve"))
    assert outcome.rejection is not None and outcome.rejection.reason == "unstated"


def test_a_reply_without_the_corrected_part_is_asked_again_at_most_twice() -> None:
    bare = "## Reflection\nError kind: reasoning\nHm."
    script = {("solve", 0): WRONG, ("reflect", 0): bare, ("reflect", 1): bare, ("reflect", 2): reflected(RIGHT)}
    outcome, asked = run_loop(QUESTION, script)
    assert outcome.instruction is not None and outcome.instruction.stage == "reflect"
    script = {("solve", 0): WRONG, **{("reflect", n): bare for n in range(3)}, ("revise", 0): reflected(RIGHT)}
    outcome, asked = run_loop(QUESTION, script)
    assert [request.stage for request in asked] == ["solve", "reflect", "reflect", "reflect", "revise"]
    assert WRONG in asked[-1].messages[1].content, "an attempt without a solution is not shown on"


def test_a_plain_reply_is_the_corrected_solution() -> None:
    outcome, _ = run_loop(QUESTION, {("solve", 0): WRONG, ("reflect", 0): Reply(text=RIGHT, plain=True)})
    assert outcome.instruction is not None and outcome.instruction.reasoning == RIGHT


def test_leak_is_asked_again_once_then_rejected() -> None:
    leaking = reflected(RIGHT + "\nThis matches the reference answer.")
    start = {("solve", 0): WRONG, ("reflect", 0): reflected(WRONG)}
    outcome, _ = run_loop(QUESTION, {**start, ("revise", 0): leaking, ("revise", 1): reflected(RIGHT)})
    assert outcome.instruction is not None and outcome.instruction.stage == "revise"
    assert outcome.attempts[2].verdict.rule == "leak"
    outcome, _asked = run_loop(QUESTION, {**start, ("revise", 0): leaking, ("revise", 1): leaking})
    assert outcome.rejection is not None and outcome.rejection.reason == "leak"


def test_content_filter_is_a_reason() -> None:
    outcome, asked = run_loop(QUESTION, {("solve", 0): Reply(text="", finish_reason="content_filter")})
    assert outcome.rejection is not None and outcome.rejection.reason == "content-filter" and len(asked) == 1


def test_refusals_and_transport_failures_end_the_question_but_not_for_good() -> None:
    refusal = RequestRefusedError("maximum context length is 4096 tokens")
    outcome, _ = run_loop(QUESTION, {("solve", 0): refusal})
    assert outcome.rejection is not None and outcome.rejection.reason == "refused" and not outcome.final
    assert outcome.rejection.detail == "maximum context length is 4096 tokens"
    outcome, _ = run_loop(QUESTION, {("solve", 0): WRONG, ("reflect", 0): TransportError("timed out")})
    assert outcome.rejection is not None and (outcome.rejection.stage, outcome.rejection.reason) == (
        "reflect",
        "transport",
    )
    assert len(outcome.attempts) == 1 and not outcome.final


# -- unknown ----------------------------------------------------------------------------------------------------------

PROSE = Question(
    id="p", question="Why is the sky blue?", answer="Short wavelengths are scattered more by small particles."
)
UNCLEAR = "\\boxed{Because of Rayleigh scattering, which favours blue light}"


def test_unknown_without_a_judge_is_unverified_and_spends_nothing_more() -> None:
    outcome, asked = run_loop(PROSE, {("solve", 0): UNCLEAR})
    assert outcome.rejection is not None and outcome.rejection.reason == "unverified" and len(asked) == 1


def test_unknown_can_be_accepted_or_treated_as_wrong() -> None:
    outcome, _ = run_loop(PROSE, {("solve", 0): UNCLEAR}, plan(unknown="accept"))
    assert outcome.instruction is not None and outcome.instruction.verdict == "unknown"
    script = {
        (stage, 0): UNCLEAR if stage == "solve" else reflected(UNCLEAR) for stage in ("solve", "reflect", "revise")
    }
    outcome, asked = run_loop(PROSE, script, plan(unknown="continue"))
    assert outcome.rejection is not None and outcome.rejection.reason == "unverified" and len(asked) == 3


def test_the_judge_decides_what_is_unknown_and_sees_the_answer_alone() -> None:
    made = plan("solve", "reflect", "revise", "judge")
    outcome, asked = run_loop(
        PROSE, {("solve", 0): "SECRET " + UNCLEAR, ("judge", 0): "Same cause.\nVerdict: right"}, made
    )
    assert outcome.instruction is not None and outcome.instruction.rule == "judge"
    shown = " ".join(message.content for message in asked[1].messages)
    assert "Rayleigh" in shown and "SECRET" not in shown


def test_an_unreadable_judgement_is_asked_again_and_then_unknown() -> None:
    made = plan("solve", "judge")
    script = {("solve", 0): UNCLEAR, ("judge", 0): "Hm.", ("judge", 1): "Verdict: right"}
    assert run_loop(PROSE, script, made)[0].instruction is not None
    script = {("solve", 0): UNCLEAR, **{("judge", n): "Hm." for n in range(3)}}
    outcome, asked = run_loop(PROSE, script, made)
    assert outcome.rejection is not None and outcome.rejection.reason == "unverified" and len(asked) == 4


def test_a_second_look_counts_only_where_it_says_the_same() -> None:
    made = plan("solve", "judge", second_look=True)
    right = {("solve", 0): UNCLEAR, ("judge", 0): "Verdict: right", ("judge", 1): "Verdict: right"}
    outcome, asked = run_loop(PROSE, right, made)
    assert outcome.instruction is not None and outcome.instruction.rule == "judge"
    assert asked[1].messages != asked[2].messages, "the second look sees the answers in swapped order"
    split = {**right, ("judge", 1): "Verdict: wrong"}
    rejection = run_loop(PROSE, split, made)[0].rejection
    assert rejection is not None and rejection.reason == "unverified"


# -- without a reference, and given -----------------------------------------------------------------------------------

FREE = Question(id="f", question="What is 6 times 7?")


def test_agreement_stands_in_for_the_reference() -> None:
    answers = ["\\boxed{42}", "\\boxed{41}", "\\boxed{42.0}", "\\boxed{42}", "no idea"]
    script = {("solve", n): text for n, text in enumerate(answers)} | {("critic", 0): "Fine.\nVerdict: right"}
    outcome, _asked = run_loop(FREE, script, plan("solve", "critic"))
    assert outcome.instruction is not None and outcome.instruction.rule == "agreement"
    assert outcome.instruction.answer == "42"
    assert [a.verdict.value for a in outcome.attempts] == ["right", "wrong", "right", "right", "wrong"]


def test_no_agreement_and_a_critic_that_objects_reject() -> None:
    split = {("solve", n): f"\\boxed{{{40 + n}}}" for n in range(5)}
    outcome, _ = run_loop(FREE, split, plan("solve", "critic"))
    assert outcome.rejection is not None and outcome.rejection.reason == "no-agreement"
    agreed = {("solve", n): "\\boxed{42}" for n in range(5)} | {("critic", n): "Verdict: wrong" for n in range(2)}
    outcome, _ = run_loop(FREE, agreed, plan("solve", "critic"))
    assert outcome.rejection is not None and outcome.rejection.reason == "critic"


def test_a_proof_passes_through_untouched() -> None:
    proof = Question(id="l", question="theorem t : 1 + 1 = 2", reasoning="by norm_num", type="proof")
    outcome, asked = run_loop(proof, {})
    assert outcome.instruction is not None and not asked
    assert (outcome.instruction.stage, outcome.instruction.verdict, outcome.instruction.rule) == (
        "given",
        "unknown",
        "static",
    )


def test_a_given_solution_is_checked_and_a_wrong_one_is_not_taken() -> None:
    given = Question(id="g", question="What is 6 times 7?", answer="42", reasoning=RIGHT)
    assert run_loop(given, {})[0].instruction.stage == "given"  # type: ignore[union-attr]
    bad = Question(id="g", question="What is 6 times 7?", answer="42", reasoning=WRONG)
    assert run_loop(bad, {("solve", 0): RIGHT})[0].instruction.stage == "solve"  # type: ignore[union-attr]


# -- requests ---------------------------------------------------------------------------------------------------------


def test_same_plan_same_keys_and_another_seed_other_keys() -> None:
    def key(seed: int) -> bytes:
        ask = next(self_reflection(QUESTION, plan(seed=seed)))
        assert isinstance(ask, Ask)
        return ask.requests[0].key()

    assert key(0) == key(0) != key(1)


def test_a_very_long_wrong_solution_is_shown_shortened() -> None:
    looping = "6 times 7 " * 3_000 + "\\boxed{41}"
    _, asked = run_loop(QUESTION, {("solve", 0): looping, ("reflect", 0): reflected(RIGHT)})
    assert len(asked[1].messages[1].content) < 10_000 and "\\boxed{41}" in asked[1].messages[1].content


@pytest.mark.parametrize(
    "option", ["samples", "rounds", "unknown", "seed", "language", "agreement_share", "second_look"]
)
def test_the_plan_digest_changes_with_each_option(option: str) -> None:
    values = {
        "samples": {"solve": 2},
        "rounds": 2,
        "unknown": "accept",
        "seed": 1,
        "language": "zh",
        "agreement_share": 0.9,
        "second_look": True,
    }
    assert plan().digest() != plan(**{option: values[option]}).digest()
