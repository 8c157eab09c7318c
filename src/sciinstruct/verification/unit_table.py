"""The table of units: symbol or name -> factor to SI base units and dimension.

Values: SI Brochure (9th edition); CODATA 2018 for eV, u, e, Bohr radius, Rydberg and Hartree; NIST SP 811, appendix B,
for customary units. Each line of a table reads "names = factor units", in units of earlier lines.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["CHINESE_PREFIXES", "DIMENSIONS", "NAMES", "NO_UNIT", "PREFIXED", "PREFIXED_NAMES", "PREFIXES", "Unit"]

DIMENSIONS = ("m", "kg", "s", "A", "K", "mol", "cd", "rad", "bit", "$", "元", "€", "£", "dB")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit as a factor to SI base units and exponents in the order of DIMENSIONS.

    `offset` is the zero of a temperature scale in kelvin; `cycles` marks hertz, which counts cycles and not radians.
    """

    factor: float
    dimension: tuple[float, ...] = (0.0,) * len(DIMENSIONS)
    offset: float = 0.0
    cycles: bool = False

    def __mul__(self, other: Unit) -> Unit:
        dimension = tuple(round(a + b, 4) for a, b in zip(self.dimension, other.dimension, strict=True))
        return Unit(self.factor * other.factor, dimension, 0.0, self.cycles or other.cycles)

    def __pow__(self, power: float) -> Unit:
        if power == 1:
            return self
        return Unit(self.factor**power, tuple(round(a * power, 4) for a in self.dimension), 0.0, self.cycles)


NO_UNIT = Unit(1.0)

PREFIXES = {
    **{
        "Y": 1e24,
        "Z": 1e21,
        "E": 1e18,
        "P": 1e15,
        "T": 1e12,
        "G": 1e9,
        "M": 1e6,
        "k": 1e3,
        "K": 1e3,
        "h": 1e2,
        "da": 1e1,
    },
    **{
        "d": 1e-1,
        "c": 1e-2,
        "m": 1e-3,
        "μ": 1e-6,
        "u": 1e-6,
        "n": 1e-9,
        "p": 1e-12,
        "f": 1e-15,
        "a": 1e-18,
        "z": 1e-21,
    },
}
NAMED_PREFIXES = {
    **{"tera": 1e12, "giga": 1e9, "mega": 1e6, "kilo": 1e3, "hecto": 1e2, "deci": 1e-1, "centi": 1e-2, "milli": 1e-3},
    **{"micro": 1e-6, "nano": 1e-9, "pico": 1e-12, "femto": 1e-15, "atto": 1e-18},
}
CHINESE_PREFIXES = {
    **{
        "吉": 1e9,
        "兆": 1e6,
        "千": 1e3,
        "百": 1e2,
        "分": 1e-1,
        "厘": 1e-2,
        "毫": 1e-3,
        "微": 1e-6,
        "纳": 1e-9,
        "皮": 1e-12,
    },
}

# Symbols that take an SI prefix, after the bar their full names (which take a full prefix) and their Chinese names.
_PREFIXED = """
m | meter metre 米
g = 1e-3 kg | gram gramme gm 克
s | second 秒 秒钟
A | ampere 安 安培
K | kelvin 开 开尔文
mol | mole 摩尔 摩
cd | candela 坎德拉
rad | radian 弧度
bit | 比特
sr = rad2 | steradian
Hz = cycle s-1 | hertz 赫 赫兹
N = kg m s-2 | newton 牛 牛顿
Pa PA = N m-2 | pascal 帕 帕斯卡
J = N m | joule 焦 焦耳
W = J s-1 | watt 瓦 瓦特
C = A s | coulomb 库 库仑
V = W A-1 | volt 伏 伏特
F = C V-1 | farad 法 法拉
Ω ohm = V A-1 | ohm 欧 欧姆
S = A V-1 | siemens mho 西门子
Wb = V s | weber 韦 韦伯
T = Wb m-2 | tesla 特 特斯拉
H = Wb A-1 | henry henrie 亨 亨利
lm = cd sr | lumen 流明
lx = lm m-2 | lux 勒克斯
Bq = s-1 | becquerel 贝克勒尔
Gy = J kg-1 | gray 戈瑞
Sv = J kg-1 | sievert 希沃特
kat = mol s-1 | katal
L l ℓ = 1e-3 m3 | liter litre 升
M = 1e3 mol m-3 | molar
eV ev = 1.602176634e-19 J | electronvolt electron-volt 电子伏特 电子伏
cal = 4.184 J | calorie 卡 卡路里
bar = 1e5 Pa | 巴
atm = 101325 Pa | atmosphere 大气压 标准大气压 个大气压 个标准大气压
Torr torr = 133.32236842105 Pa
Da = 1.66053906660e-27 kg | dalton 道尔顿
Ci = 3.7e10 s-1 | curie 居里
pc = 3.0856775814913673e16 m | parsec 秒差距
G = 1e-4 T | gauss 高斯
P = 0.1 Pa s | poise
St = 1e-4 m2 s-1 | stokes
Wh = 3600 J | watt-hour watthour 瓦时
b = 1e-28 m2 | barn 靶恩
B = 8 bit | byte 字节
bps = bit s-1
t = 1e3 kg | tonne 吨
dyn = 1e-5 N | dyne 达因
yr = 31557600 s
sec = s
gf = 9.80665e-3 N
"""

# Names that take no prefix; a name here wins over prefix + symbol ("min", "ft", "cd", "Pa").
_PLAIN = """
% percent percents pct wt% mol% vol% = 0.01
‰ = 1e-3
ppm = 1e-6
ppb = 1e-9
° deg degree 度 = 0.017453292519943295 rad
′ arcmin arcminute = 0.0002908882086657216 rad
″ ′′ arcsec arcsecond = 4.84813681109536e-06 rad
rev revolution turn 转 圈 = 6.283185307179586 rad
rpm = 0.10471975511965977 rad s-1
°K = K
°R rankine = 0.5555555555555556 K
min minute 分钟 分 = 60 s
h hr hour 小时 时 = 3600 s
d day 天 日 = 86400 s
week 周 星期 = 604800 s
month 个月 月 = 2629800 s
year y a 年 = 31557600 s
decade = 315576000 s
century centuries = 3155760000 s
Å Å angstrom angström Angstrom 埃 = 1e-10 m
in inch inches 英寸 = 0.0254 m
ft foot feet 英尺 = 0.3048 m
yd yard = 0.9144 m
mi mile 英里 = 1609.344 m
nmi 海里 = 1852 m
mil = 2.54e-5 m
micron = 1e-6 m
fermi = 1e-15 m
AU au = 1.495978707e11 m
ly lightyear light-year 光年 = 9.4607304725808e15 m
a_0 a_{0} bohr = 5.29177210903e-11 m
公里 = 1e3 m
里 = 500 m
mph = 0.44704 m s-1
fps = 0.3048 m s-1
kph kmph = 0.2777777777777778 m s-1
knot kn 节 = 0.5144444444444445 m s-1
acre = 4046.8564224 m2
ha hectare 公顷 = 1e4 m2
亩 = 666.6666666666666 m2
cc ccm = 1e-6 m3
gal gallon = 3.785411784e-3 m3
gpm = 6.30901964e-5 m3 s-1
cfs = 0.028316846592 m3 s-1
cfm = 4.719474432e-4 m3 s-1
quart qt = 9.46352946e-4 m3
pint = 4.73176473e-4 m3
lb lbs lbm lb_m lb_{m} pound 磅 = 0.45359237 kg
oz ounce = 0.028349523125 kg
slug = 14.593902937206 kg
ton = 1e3 kg
公斤 = kg
斤 = 0.5 kg
两 = 0.05 kg
u amu = 1.66053906660e-27 kg
c = 299792458 m s-1
gr = 1e-3 kg
gmol g-mol = mol
lbmol lb-mol = 453.59237 mol
equiv = mol
lbf lb_f lb_{f} lb-force = 4.4482216152605 N
kip = 4448.2216152605 N
kgf = 9.80665 N
psi psia psig = 6894.757293168 Pa
ksi = 6894757.293168 Pa
psf = 47.88025898 Pa
mmHg 毫米汞柱 = 133.322387415 Pa
cmHg = 1333.22387415 Pa
inHg = 3386.389 Pa
erg = 1e-7 J
Btu btu BTU = 1055.05585262 J
Cal = 4184 J
therm = 1.0550559e8 J
Ry = 2.1798723611035e-18 J
hartree Hartree E_h E_{h} = 4.3597447222071e-18 J
hp horsepower 马力 = 745.6998715822702 W
D debye Debye = 3.33564095e-30 C m
e = 1.602176634e-19 C
esu statC = 3.33564095e-10 C
statvolt = 299.792458 V
℧ = S
amp amps = A
Oe oersted = 79.57747154594767 A m-1
Mx = 1e-8 Wb
gs Gs = 1e-4 T
rem = 0.01 Sv
bpm = 0.016666666666666666 s-1
diopter dioptre = m-1
dB dBm decibel 分贝 = dB
$ dollar USD 美元 = $
元 yuan RMB 人民币 = 元
€ euro EUR 欧元 = €
£ GBP 英镑 = £
¢ cent = 0.01 $
角 = 0.1 元
万元 = 1e4 元
成 = 0.1
cycle time times fold photon electron molecule particle atom ion count event decay = 1
个 次 倍 种 人 条 只 名 项 组 辆 件 张 本 棵 块 位 对 支 层 根 = 1
"""
_TEMPERATURES = {
    "°C degC celsius Celsius centigrade 摄氏度": (1.0, 273.15),
    "°F degF fahrenheit Fahrenheit 华氏度": (5 / 9, 459.67 * 5 / 9),
}
_PART = re.compile(r"([^\d-]+)(-?\d+)?")


def _base(name: str) -> Unit:
    return Unit(1.0, tuple(float(name == dimension) for dimension in DIMENSIONS))


def _define(definition: str, known: dict[str, Unit]) -> Unit:
    unit = NO_UNIT
    for part in definition.split():
        match = _PART.fullmatch(part)
        if match is None:
            unit = unit * Unit(float(part))
        elif match.group(1) == "cycle":
            unit = unit * Unit(1.0, cycles=True)
        else:
            unit = unit * known[match.group(1)] ** float(match.group(2) or 1)
    return unit


def _read_tables() -> tuple[dict[str, Unit], dict[str, Unit], dict[str, Unit]]:
    """Symbols that take a prefix, names that take one, and everything that takes none."""
    known = {name: _base(name) for name in DIMENSIONS}
    symbols: dict[str, Unit] = {}
    names: dict[str, Unit] = {}
    for line in _PREFIXED.strip().splitlines():
        definition, _, full = line.partition(" | ")
        left, _, right = definition.partition(" = ")
        unit = _define(right or left, known)
        symbols |= dict.fromkeys(left.split(), unit)
        names |= dict.fromkeys(full.split(), unit)
        known |= symbols
    plain: dict[str, Unit] = {}
    for line in _PLAIN.strip().splitlines():
        left, _, right = line.partition(" = ")
        plain |= dict.fromkeys(left.split(), _define(right, known))
    kelvin = _base("K").dimension
    for spelled, (factor, offset) in _TEMPERATURES.items():
        plain |= dict.fromkeys(spelled.split(), Unit(factor, kelvin, offset))
    return symbols, names, plain


PREFIXED, PREFIXED_NAMES, NAMES = _read_tables()
