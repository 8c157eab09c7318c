"""Formulas, reactions, isotopes and electron configurations; formulas are checked against periodictable as well."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sciinstruct.verification import chemistry, configuration, isotope, reaction
from sciinstruct.verification.elements import NAMES, SYMBOLS
from sciinstruct.verification.policy import Policy

POLICY = Policy()


def check_formula(gold: str, answer: str) -> str:
    parsed = chemistry.parse(gold)
    assert parsed is not None, gold
    verdict = chemistry.compare(parsed, answer, POLICY)
    assert verdict.rule == "formula"
    return verdict.value


def check_reaction(gold: str, answer: str, policy: Policy = POLICY) -> str:
    parsed = reaction.parse(gold)
    assert parsed is not None, gold
    verdict = reaction.compare(parsed, answer, policy)
    assert verdict.rule == "reaction"
    return verdict.value


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("H2SO4", r"\mathrm{H_{2}SO_{4}}"),
        ("H2SO4", "H₂SO₄"),
        ("Al2(SO4)3", r"\ce{Al2(SO4)3}"),
        ("Fe^{3+}", "Fe3+"),
        ("Fe^{3+}", "Fe³⁺"),
        ("Fe^{3+}", "Fe+3"),
        ("Fe^{3+}", "Fe(III)"),
        ("SO_4^{2-}", "SO42-"),
        ("SO_4^{2-}", "SO4 2-"),
        ("SO_4^{2-}", "SO₄²⁻"),
        ("MnO_4^-", "MnO4-"),
        ("NH4+", "NH_4^+"),
        ("Hg2^{2+}", "Hg22+"),
        ("[Cu(NH3)4]^{2+}", "Cu(NH3)4^2+"),
        ("CuSO4·5H2O", "CuSO4.5H2O"),
        ("CuSO4·5H2O", r"\mathrm{CuSO_4 \cdot 5H_2O}"),
        ("CH3CH2OH", "C2H5OH"),
        ("CH3CH2OH", "CH3-CH2-OH"),
        ("NaCl", "NaCl(s)"),
        ("Na_2CO_3", "碳酸钠（Na2CO3）"),
        ("Ca(OH)2", "calcium hydroxide, Ca(OH)2"),
        ("Cu", "copper"),
        ("Cu", "铜"),
        ("[Al(OH)4]^-", "Al(OH)4-"),
        ("CH3COOC2H5", "CH3COOCH2CH3"),
        ("CH2=CH2", "CH2CH2"),
    ],
)
def test_notation_does_not_change_a_formula(gold: str, answer: str) -> None:
    assert check_formula(gold, answer) == "right"


@pytest.mark.parametrize(
    ("gold", "answer", "value"),
    [
        ("CO", "Co", "wrong"),
        ("CoCl2", "COCl2", "wrong"),
        ("Fe^{3+}", "Fe^{2+}", "wrong"),
        ("Fe^{3+}", "Fe", "wrong"),
        ("SO_4^{2-}", "SO_3^{2-}", "wrong"),
        ("K3[Fe(CN)6]", "K_4[Fe(CN)_6]", "wrong"),
        ("CH3COOH", "CH3COO-", "wrong"),
        ("CuSO4·5H2O", "CuSO4", "wrong"),
        ("CH3CH2OH", "CH3OCH3", "unknown"),  # isomers
        ("O2^{-}", "O2-", "unknown"),  # superoxide, or the oxide ion
        ("NaCl", "NaCl or KCl", "unknown"),
        ("NaCl", "sodium chloride", "unknown"),
    ],
)
def test_other_formulas_are_not_right(gold: str, answer: str, value: str) -> None:
    assert check_formula(gold, answer) == value


@pytest.mark.parametrize(
    "text", ["No", "In", "I", "B", "PV", "x+1", "velocity", "2", "", "Ab", "H0", "))((", "T_1", "C" * 300]
)
def test_words_and_variables_are_no_formulas(text: str) -> None:
    assert chemistry.parse(text) is None


@pytest.mark.parametrize(
    ("gold", "answer", "value"),
    [
        ("2H2 + O2 -> 2H2O", "O2+2H2=2H2O", "right"),
        ("2H2 + O2 -> 2H2O", "4H2 + 2O2 -> 4H2O", "right"),
        ("2H2 + O2 -> 2H2O", r"H_2+\frac{1}{2}O_2 \rightarrow H_2O", "right"),
        ("2H2 + O2 -> 2H2O", "2H2O -> 2H2 + O2", "wrong"),
        ("2H2 + O2 -> 2H2O", "2H2 + O2 -> H2O2", "wrong"),
        ("2H2 + O2 -> 2H2O", "H2 + O2 -> H2O", "wrong"),
        ("2KClO3 = 2KCl + 3O2↑", r"2KClO_3\xrightarrow[\Delta]{MnO_2}2KCl+3O_2\uparrow", "right"),
        ("2KClO3 = 2KCl + 3O2↑", r"2KClO3 \stackrel{\triangle}{=} 2KCl + 2O2↑", "wrong"),
        ("CaCO3 = CaO + CO2", r"CaCO3 \xlongequal{高温} CaO + CO2↑", "right"),
        ("C + O2 = CO2", "C+O2=点燃=CO2", "right"),
        ("2H2O2 = 2H2O + O2", "2H2O2 =MnO2= 2H2O + O2", "right"),
        ("Ag^+ + Cl^- -> AgCl", "Ag++Cl-=AgCl↓", "right"),
        ("Ag^+ + Cl^- -> AgCl", "Ag^{2+} + 2Cl^- → AgCl_2", "wrong"),
        ("H+ + OH- = H2O", r"\mathrm{OH}^{-}+\mathrm{H}^{+}=\mathrm{H}_2\mathrm{O}", "right"),
        ("2Fe3+ + Cu = 2Fe2+ + Cu2+", "2Fe^{3+}+Cu=2Fe^{2+}+Cu^{2+}", "right"),
        ("Zn -> Zn2+ + 2e-", "Zn - 2e- = Zn2+", "right"),
        ("N2 + 3H2 ⇌ 2NH3", r"N_2(g)+3H_2(g) \rightleftharpoons 2NH_3(g)", "right"),
        ("CH2=CH2 + Br2 -> CH2BrCH2Br", "CH2=CH2+Br2→CH2Br-CH2Br", "right"),
        ("2Na + 2H2O = 2NaOH + H2", "反应方程式为：2Na + 2H2O = 2NaOH + H2↑", "right"),
        (r"^{14}_{6}C \to ^{14}_{7}N + ^{0}_{-1}e", r"{}^{14}_{6}\mathrm{C} → {}^{14}_{7}\mathrm{N} + e^-", "right"),
        (r"^{238}_{92}U \to ^{234}_{90}Th + ^4_2He", r"^{238}U → ^{234}Th + α", "right"),
        (r"^{238}_{92}U \to ^{234}_{90}Th + ^4_2He", r"^{238}U → ^{234}Th + ^4_3He", "wrong"),
        ("2H2 + O2 -> 2H2O", "water forms", "unknown"),
    ],
)
def test_reactions(gold: str, answer: str, value: str) -> None:
    assert check_reaction(gold, answer) == value


def test_multiples_of_a_reaction_are_an_option() -> None:
    assert check_reaction("2H2 + O2 -> 2H2O", "4H2 + 2O2 -> 4H2O", Policy(scaled_reactions=False)) == "wrong"


def test_the_reason_names_what_is_not_balanced() -> None:
    gold = reaction.parse("2KClO3 = 2KCl + 3O2")
    assert gold is not None
    assert "O is not balanced" in reaction.compare(gold, "2KClO3 = 2KCl + 2O2", POLICY).reason
    assert not reaction.imbalance(gold)


@pytest.mark.parametrize(
    "text", ["x=2", "PV=nRT", "F=ma", "V_2 = 2V_3", "H = U + PV", "A + B -> C", "CH2=CH2", "x -> 0", "", "=", "->"]
)
def test_other_equations_are_no_reactions(text: str) -> None:
    assert reaction.parse(text) is None


@pytest.mark.parametrize(
    ("gold", "answer", "value"),
    [
        ("^{14}_{6}C", "C-14", "right"),
        ("^{14}_{6}C", "¹⁴C", "right"),
        ("^{14}_{6}C", "carbon-14", "right"),
        ("^{14}_{6}C", "碳-14", "right"),
        ("_6^{14}C", r"{}^{14}\text{C}", "right"),
        ("U-235", r"{}^{235}_{\ 92}\text{U}", "right"),
        ("^2_1H", "氘", "right"),
        ("^{14}_{6}C", "^{14}_{7}N", "wrong"),
        ("^{14}_{6}C", "^{14}_{7}C", "wrong"),
        ("^{235}_{92}U", "U-238", "wrong"),
        ("^{14}_{6}C", "carbon", "unknown"),
        ("^4_2He", "α", "right"),
        ("^{37}_{17}Cl", "^{37}Cl^-", "unknown"),
    ],
)
def test_isotopes(gold: str, answer: str, value: str) -> None:
    parsed = isotope.parse(gold)
    assert parsed is not None
    verdict = isotope.compare(parsed, answer, POLICY)
    assert (verdict.rule, verdict.value) == ("isotope", value), verdict


@pytest.mark.parametrize("text", ["C14", "x^{14}", "C-999", "H-1000", "A-12", "14", "cat-9", ""])
def test_what_is_no_isotope_is_not_parsed(text: str) -> None:
    assert isotope.parse(text) is None


@pytest.mark.parametrize(
    ("gold", "answer", "value"),
    [
        ("1s^22s^22p^6", "1s2 2s2 2p6", "right"),
        ("1s^22s^22p^6", "[He]2s^22p^6", "right"),
        ("[Ar]3d^6 4s^2", "[Ar]4s23d6", "right"),
        ("[Ar]3d^{10}4s^1", "1s22s22p63s23p63d104s1", "right"),
        ("1s^2 2s^2 2p_x^1 2p_y^1", "1s²2s²2p²", "right"),
        ("[Ar]3d^5 4s^1", "[Ar]3d^4 4s^2", "wrong"),
        ("3d5 4s1", "[Ar]3d5 4s1", "unknown"),
        ("sp^3", "sp³杂化", "right"),
        ("sp3d2", "d2sp3", "right"),
        ("sp^3", "sp^2", "wrong"),
        ("sp^3", "tetrahedral", "unknown"),
    ],
)
def test_configurations(gold: str, answer: str, value: str) -> None:
    parsed = configuration.parse(gold)
    assert parsed is not None
    verdict = configuration.compare(parsed, answer, POLICY)
    assert (verdict.rule, verdict.value) == ("configuration", value), verdict


@pytest.mark.parametrize("text", ["1s^22s^3", "2s", "9s2", "[Ar]3p6", "spin", "", "3d"])
def test_what_is_no_configuration_is_not_parsed(text: str) -> None:
    assert configuration.parse(text) is None


# -- properties --------------------------------------------------------------------------------------------------------

ELEMENTS = [symbol for symbol in SYMBOLS if len(symbol) > 1 or symbol in "HCNOFPSKBUW"]
SMALL = st.one_of(st.just(1), st.integers(2, 12))
ATOM = st.tuples(st.sampled_from(ELEMENTS), SMALL)
ATOM_LISTS = st.lists(ATOM, min_size=2, max_size=5)


def written(atoms: list[tuple[str, int]], mark: str = "") -> str:
    """Atoms as a formula: with mark "_" in LaTeX, else plain."""
    return "".join(s + (f"_{{{n}}}" if mark and n > 1 else str(n) if n > 1 else "") for s, n in atoms)


def spread_out(atoms: list[tuple[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for symbol, count in atoms:
        total[symbol] = total.get(symbol, 0) + count
    return total


@given(ATOM_LISTS)
def test_atoms_are_counted_as_periodictable_counts_them(atoms: list[tuple[str, int]]) -> None:
    periodictable = pytest.importorskip("periodictable", reason="periodictable is not installed")
    group = f"{written(atoms[:1])}({written(atoms[1:])})3"
    for text in (written(atoms), group):
        parsed = chemistry.read_formula(text)
        assert parsed is not None
        theirs = {str(element): count for element, count in periodictable.formula(text).atoms.items()}
        assert parsed.composition() == theirs


def test_symbols_and_numbers_are_periodictables() -> None:
    periodictable = pytest.importorskip("periodictable", reason="periodictable is not installed")
    for number, symbol in enumerate(SYMBOLS, 1):
        assert periodictable.elements[number].symbol == symbol
        spelled = periodictable.elements[number].name
        assert NAMES.get(spelled) == symbol


@given(ATOM_LISTS, st.integers(-3, 3))
def test_latex_and_plain_formulas_are_one(atoms: list[tuple[str, int]], charge: int) -> None:
    sign = "" if not charge else f"^{{{abs(charge) if abs(charge) > 1 else ''}{'+' if charge > 0 else '-'}}}"
    gold, latex = chemistry.read_formula(written(atoms) + sign), rf"$\mathrm{{{written(atoms, '_')}}}{sign}$"
    assert gold is not None
    assert chemistry.compare(gold, latex, POLICY).value == "right"


@given(ATOM_LISTS, st.integers(0, 4), st.integers(1, 5))
def test_one_changed_count_or_element_or_charge_is_never_right(
    atoms: list[tuple[str, int]], at: int, more: int
) -> None:
    at %= len(atoms)
    gold = chemistry.read_formula(written(atoms))
    assert gold is not None
    counted = [*atoms[:at], (atoms[at][0], atoms[at][1] + more), *atoms[at + 1 :]]
    other = "Xe" if atoms[at][0] != "Xe" else "Ne"
    replaced = [*atoms[:at], (other, atoms[at][1]), *atoms[at + 1 :]]
    for changed in (written(counted), written(replaced), written(atoms) + "^{2+}"):
        assert chemistry.compare(gold, changed, POLICY).value == "wrong"


SPECIES = st.sampled_from(
    ["H2", "O2", "H2O", "NaCl", "Fe^{3+}", "SO4^{2-}", "Cu", "CO2", "NH4^+", "Cl^-", "K2Cr2O7", "CH3COOH", "Ca(OH)2"]
)
SIDES = st.lists(SPECIES, min_size=2, max_size=6, unique=True)


def equation(terms: list[tuple[int, str]], cut: int, arrow: str = " -> ") -> str:
    sides = [" + ".join(f"{n if n > 1 else ''}{s}" for n, s in part) for part in (terms[:cut], terms[cut:])]
    return arrow.join(sides)


@given(SIDES, st.lists(st.integers(1, 9), min_size=6, max_size=6), st.integers(2, 5), st.integers(0, 5))
def test_a_reaction_keeps_its_meaning_under_notation_and_loses_it_under_any_change(
    species: list[str], counts: list[int], scale: int, at: int
) -> None:
    terms = list(zip(counts, species, strict=False))
    cut, at = len(terms) // 2, at % len(terms)
    gold = equation(terms, cut)
    parsed = reaction.parse(gold)
    assume(parsed is not None)
    turned = terms[:cut][::-1] + terms[cut:][::-1]
    multiple = [(n * scale, s) for n, s in terms]
    for same in (
        equation(turned, cut),
        equation(multiple, cut),
        equation(terms, cut, r" \rightarrow "),
        equation(terms, cut, " ⇌ "),
        equation(terms, cut, r"\xrightarrow{\Delta}"),
        gold.replace(" -> ", "->"),
    ):
        assert check_reaction(gold, same) == "right"
    more = [*terms[:at], (terms[at][0] + 1, terms[at][1]), *terms[at + 1 :]]
    other = [*terms[:at], (terms[at][0], "Xe"), *terms[at + 1 :]]
    backwards = equation(terms[cut:] + terms[:cut], len(terms) - cut)
    for changed in (equation(more, cut), equation(other, cut), equation(terms[:at] + terms[at + 1 :], cut), backwards):
        assert check_reaction(gold, changed) != "right"


@given(st.text(alphabet="HCNOFeClaul0123456789+-=→>^_{}()[]·. \\spdfxr", max_size=60))
def test_no_garbled_chemistry_is_too_much_for_the_readers(text: str) -> None:
    for module in (chemistry, reaction, isotope, configuration):
        module.parse(text)
    assert check_formula("H2O", text) in ("right", "wrong", "unknown")
    assert check_reaction("2H2 + O2 = 2H2O", text) in ("right", "wrong", "unknown")
