"""The tolerance policy: what counts as the same answer, as options that a data set may change."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Policy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Options of the checker; the defaults fit textbook answers.

    All tolerances are relative: zero equals only zero. Integers against integers are exact unless
    `exact_integers` is off (then they are judged as decimals).
    """

    relative_error: float = 0.005
    "Largest relative error of a decimal answer (SciBench's own grader: 0.05, TheoremQA's: 0.04)."
    rounding_error: float = 0.02
    "Largest relative error where one number is a correct rounding of the other to two or more significant digits."
    converted_error: float = 0.01
    "The same where the two are stated in different units, or where the reference is an integer without a unit."
    approximate_error: float = 0.02
    'Largest relative error where the reference says that it is approximate ("~", "about", "约").'
    absolute_error: float = 0.0
    "Largest absolute error, for data sets that state one (OlympiadBench); 0: none, tolerances are relative."
    exact_integers: bool = True
    "An integer without a unit equals only the same integer."
    missing_unit: bool = True
    "An answer without the reference's unit is right if its number equals the reference's."
    extra_unit: bool = True
    "An answer with a unit is right against a reference that has none, if its number equals the reference's."
    bare_percent: bool = True
    '"25" equals "25%" (and so does 0.25); off: a percentage wants its sign.'
    scaled_reactions: bool = True
    "A reaction equation equals its multiples."
    ordered_lists: bool = False
    "Several values without brackets or labels are compared in order; off: in any order."


DEFAULT = Policy()
