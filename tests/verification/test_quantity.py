"""Numbers, units and quantities; conversions against pint as an oracle."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciinstruct.verification import Policy, Verifier
from sciinstruct.verification.number import parse as parse_number
from sciinstruct.verification.quantity import compare, parse
from sciinstruct.verification.units import lookup, unit_prefix

POLICY = Policy()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", "5"),
        ("1,234.5", "1234.5"),
        ("602 000", "602000"),
        (".5", "0.5"),
        ("1.2 × 10⁻³", "0.0012"),
        (r"1.2 \cdot 10^{-3}", "0.0012"),
        ("1.2E-03", "0.0012"),
        ("10^6", "1000000"),
        ("3/4", "0.75"),
        (r"\frac{3}{4}", "0.75"),
        ("2½", "2.5"),
        ("3.2 million", "3200000"),
        ("十二点五", "12.5"),
        ("3万", "30000"),
        ("一亿两千万", "120000000"),
        ("负三", "-3"),
        ("三分之二", "0.6666666666666666666666666667"),
        ("twenty-four", "24"),
        ("−7", "-7"),
        ("１２", "12"),
    ],
)
def test_numbers_are_read_in_their_spellings(text: str, value: str) -> None:
    number = parse_number(text)
    assert number is not None and number.value == Decimal(value)


@pytest.mark.parametrize(
    "text", ["", "5 m", "1,2345", "3,4", "9**9", "1e999999999", "10^{10^{10}}", "five or six", "x", "-"]
)
def test_what_is_no_number_is_none(text: str) -> None:
    assert parse_number(text) is None


@pytest.mark.parametrize(
    ("gold", "answer", "value"),
    [
        ("9.81", "9.8", "right"),
        ("9.8", "9.81", "right"),
        ("58.2", "58.17", "right"),
        ("0.85", "0.849", "right"),
        ("1024", "1025", "wrong"),
        ("7", "7.4", "wrong"),
        ("15.0", "15", "right"),
        ("6.626e-34", "1.381e-23", "wrong"),
        ("0", "0.0000001", "wrong"),
        ("0.0000001", "0", "wrong"),
        ("12.3", "12.4", "wrong"),
        ("~100", "101.5", "right"),
        ("100.0", "101.5", "wrong"),
    ],
)
def test_tolerances_are_relative(gold: str, answer: str, value: str) -> None:
    reference = parse(gold)
    assert reference is not None and compare(reference, answer, POLICY).value == value


def test_tolerances_are_options() -> None:
    reference = parse("2.50 m")
    assert reference is not None
    assert compare(reference, "2.6 m", POLICY).value == "wrong"
    assert compare(reference, "2.6 m", Policy(relative_error=0.05)).value == "right"
    assert compare(reference, "2.50", Policy(missing_unit=False)).value == "wrong"
    assert compare(reference, "2.52", Policy(missing_unit=False, absolute_error=0.1)).value == "wrong"
    assert Verifier(Policy(exact_integers=False)).check("1024", prediction="1025").value == "right"


CONVERSIONS = [
    ("kJ/mol", "kilojoule / mole"),
    ("m/s^2", "meter / second**2"),
    ("km/h", "kilometer / hour"),
    ("mph", "mile / hour"),
    ("L·atm/(mol·K)", "liter * atmosphere / mole / kelvin"),
    ("mmHg", "mmHg"),
    ("psi", "psi"),
    ("Btu", "Btu"),
    ("hp", "horsepower"),
    ("eV", "electron_volt"),
    ("u", "unified_atomic_mass_unit"),
    ("Å", "angstrom"),
    ("ly", "light_year"),
    ("AU", "astronomical_unit"),
    ("lbf", "pound_force"),
    ("ft-lb", "foot * pound_force"),
    ("gal", "gallon"),
    ("cm^{-1}", "1 / centimeter"),
    ("μF", "microfarad"),
    ("k\\Omega", "kiloohm"),
    ("rpm", "revolution / minute"),
    ("deg", "degree"),
    ("dyn", "dyne"),
    ("erg", "erg"),
    ("cal", "calorie"),
    ("kWh", "kilowatt_hour"),
    ("mol L^{-1}", "mole / liter"),
    ("g cm^-3", "gram / centimeter**3"),
    ("N m^2 C^{-2}", "newton * meter**2 / coulomb**2"),
    ("T", "tesla"),
    ("D", "debye"),
    ("slug", "slug"),
    ("in", "inch"),
    ("acre", "acre"),
    ("Torr", "torr"),
    ("bar", "bar"),
    ("Ci", "curie"),
    ("P", "poise"),
    ("oz", "ounce"),
]


@pytest.mark.parametrize(("ours", "theirs"), CONVERSIONS)
def test_units_agree_with_pint(ours: str, theirs: str) -> None:
    pint = pytest.importorskip("pint", reason="pint is the oracle of the conversions: pip install 'sciinstruct[dev]'")
    registry = pint.UnitRegistry()
    read = unit_prefix(ours)
    assert read is not None and read[1] == len(ours)
    expected = registry.Quantity(1, theirs).to_base_units()
    assert read[0].factor == pytest.approx(float(expected.magnitude), rel=2e-5)


@given(st.sampled_from(sorted({"m", "g", "s", "A", "K", "mol", "J", "N", "Pa", "V", "W", "Hz", "F", "T", "eV", "L"})))
def test_a_prefix_scales_its_unit(symbol: str) -> None:
    base = lookup(symbol)
    assert base is not None
    for prefix, factor in (("k", 1e3), ("m", 1e-3), ("μ", 1e-6), ("n", 1e-9), ("M", 1e6)):
        scaled = lookup(prefix + symbol)
        if prefix + symbol in ("mmol", "min") or scaled is None:
            continue
        assert scaled.dimension == base.dimension
        assert scaled.factor == pytest.approx(base.factor * factor)


@given(
    st.floats(0.01, 1e6, allow_nan=False),
    st.sampled_from(
        [("m", "km", 1e-3), ("J", "kJ", 1e-3), ("mol/L", "mol m^{-3}", 1e3), ("m/s", "km/h", 3.6), ("min", "s", 60)]
    ),
)
def test_converted_quantities_are_equal_and_unconverted_are_not(value: float, units: tuple[str, str, float]) -> None:
    one, other, factor = units
    verifier = Verifier()
    assert verifier.check(f"{value:.6g} {one}", prediction=f"{value * factor:.6g} {other}").value == "right"
    assert verifier.check(f"{value:.6g} {one}", prediction=f"{value:.6g} {other}").value == "wrong"


def test_references_of_scibench_are_read_with_their_units(data: Path) -> None:
    unread = []
    for path in sorted((data / "benchmarks" / "scibench").glob("*.jsonl")):
        for row in map(json.loads, path.read_text("utf-8").splitlines()):
            quantity = parse(f"{row['answer_number']} {row['unit'].strip()}")
            if quantity is None:
                unread.append(row["problemid"].strip())
    assert len(unread) <= 2, unread
