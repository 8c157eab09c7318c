"""The phrases that announce a final answer, take it back, hedge it, or end a text that runs on: English and Chinese.

Patterns read text whose ASCII letters were made lower case (`lowered`), and begin with literal words, so that a search
costs about as much as finding those words.
"""

from __future__ import annotations

import re

__all__ = [
    "ANSWER_CUES",
    "CONCLUSION",
    "DENIED_CUE",
    "HEDGED_GAP",
    "LIST_GAP",
    "NOT_AN_ANSWER",
    "REFUSAL",
    "RETRACTION",
    "RUN_ON",
    "lowered",
]

_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def lowered(text: str) -> str:
    """`text` with ASCII letters in lower case; of the same length, unlike `str.lower`."""
    return text.translate(_LOWER)


_IS = r"(?:is|are|was|would be|should be|must be|will be|comes out to be)"
_THEN = r"(?: (?:therefore|thus|then|hence))?(?: approximately| about| option| choice)?"

ANSWER_CUES = (
    # the (final) answer (to this question) is / answer: / answer (B)
    re.compile(
        r"answers?\b(?: \([^()\n]{1,40}\))?(?: (?:to|of|for) (?:the|this|that|question|problem|part)\b[^.:\n=]{0,60})?"
        rf"(?:\*\*)?(?: ?{_IS}{_THEN}\b:?| ?[:：=]|(?= \())"
    ),
    re.compile(
        r"(?:correct|right|best|final) (?:option|choice|result|value)s?(?: here)?(?: is| are|:)(?: option| choice)?"
    ),
    re.compile(r"(?:final|result|solution)[:：]"),
    re.compile(r"(?:we|i|you)(?: should| would| must)? (?:choose|select|pick|go with)(?: option| choice| answer)?\b"),
    re.compile(r"corresponds to (?:option|choice)\b"),
    re.compile(r"(?:答案|选项|结果)(?:应该|应当|应)?(?:[是为选]|[:：])[:：]?"),
    re.compile(r"(?<!不)(?:故|应|所以|因此|综上|则|本题|答案)(?:[，, ]?(?:正确)?(?:答案)?)?选(?:择|项|[是为])?[:：]?"),
    re.compile(r"故(?:正确)?(?:答案|选项)?[是为][:：]?"),
    re.compile(r"(?<![不别])(?<!不[能应该会])(?<!不应该)(?:选择|选)[:：]?(?=[ ]?[(（]?[a-h]{1,8}(?![a-z]))"),
    re.compile(r"^答[:：]", re.MULTILINE),
    re.compile(r"\na:(?= ?[^\n]{1,60}\s*\Z)"),  # a last line "A: 42"
)

CONCLUSION = re.compile(
    r"(?:^|[\s.。;；,，…])(?:so|therefore|thus|hence|consequently|finally|in conclusion|in total|"
    r"we (?:get|obtain|find|have)|this gives|giving|yields?)\b[,: ]*"
    r"|(?:所以|因此|因而|故|综上所述|综上|从而|可得|解得|得到|得|即)[,，:： ]*"
)
"What opens a conclusion; it counts in the last sentence only."

DENIED_CUE = re.compile(
    r"\b(?:impossible|false|not (?:true|possible|correct|the case)|incorrect|wrong|(?:don't|do not) (?:think|believe))"
    r" (?:to (?:say|think|claim) )?(?:that )?(?:the )?(?:correct |final )?$"
)
"Before a cue: what is then said is not the answer."

NOT_AN_ANSWER = re.compile(
    r"(?:that |indeed |therefore |thus )?(?:correct|reasonable|consistent|obtained|found|derived|based|incorrect|wrong|"
    r"not (?:listed|among|given|one|in)|independent|clear|the same|supported|verified|complete|in the (?:form|options)|"
    r"can be|to be|as follows|below|above|known|given by|required|sensitive|simply that)\b[^0-9\\$]{0,200}$|[.,;:\s]*$"
)
'"The answer is correct": what may follow a cue without being an answer.'

RETRACTION = re.compile(
    r"\b(?:wait|actually|oops|correction|mistake|slip|error in|i was wrong|that(?:'s| is) (?:wrong|incorrect|"
    r"not right)|"
    r"on second thought|let me re-?(?:check|consider|do|calculate)|scratch that|should (?:really |actually )?be|"
    r"however, the (?:correct|right|actual))\b|更正|错了|不对|有误|应该是|应为|重新(?:计算|考虑|检查)|实际上"
)
"Taking back what was stated before."

HEDGED_GAP = re.compile(r"\b(?:or|either|maybe|perhaps|possibly|alternatively)\b|或")
"Between two boxes: alternatives."

LIST_GAP = re.compile(
    r"[\s,，、;；$.\\()\[\]]*(?:and|和|与|及)?[\s,$\\()\[\]]*|[\s,;.$]*(?:\(?[a-z0-9]\)|\*\*)[\s\S]{0,30}"
)
"Between two boxes: parts of one answer."

REFUSAL = re.compile(
    r"\b(?:i (?:cannot|can't|am unable to|could not|do not know|don't know)|unable to (?:determine|answer|solve))\b"
    r"|无法(?:解答|回答|作答)|不知道"
)

RUN_ON = re.compile(
    r"\n[ \t]*(?:\n|[#*>-])[ \t#*>]*(?:Question|Problem|Q|Example|Exercise|Human|User|问题|题目|【题目】|【问题】)"
    r"[ \t]*[0-9]{0,4}[ \t]*[:：.)]|<\|(?:im_end|endoftext|user|end|eot_id)\|>|<eoa>|</s>|\nHuman:|\nUser:"
    r"|\n### (?:Instruction|Question|Human|Input)"
)
"Where a text runs on into another question or turn (in the text as it is, not lowered)."
