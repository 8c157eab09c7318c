"""Names of common substances and elements, English and Chinese, for references that are formulas (and the reverse)."""

from __future__ import annotations

from sciinstruct.verification.text import plain_words

__all__ = ["formula_of"]

_NAMES = """
H2O water 水
H2O2 hydrogen-peroxide 过氧化氢 双氧水
CO2 carbon-dioxide 二氧化碳
CO carbon-monoxide 一氧化碳
SO2 sulfur-dioxide sulphur-dioxide 二氧化硫
SO3 sulfur-trioxide sulphur-trioxide 三氧化硫
NO2 nitrogen-dioxide 二氧化氮
NO nitric-oxide nitrogen-monoxide 一氧化氮
N2O nitrous-oxide 一氧化二氮
NH3 ammonia 氨 氨气
CH4 methane 甲烷
C2H4 ethylene ethene 乙烯
C2H2 acetylene ethyne 乙炔
C6H6 benzene 苯
CH3OH methanol 甲醇
C2H5OH ethanol 乙醇
CH3COOH acetic-acid ethanoic-acid 乙酸 醋酸
HCOOH formic-acid methanoic-acid 甲酸
HCHO formaldehyde methanal 甲醛
HCl hydrochloric-acid hydrogen-chloride 盐酸 氯化氢
HF hydrofluoric-acid hydrogen-fluoride 氢氟酸 氟化氢
HBr hydrobromic-acid hydrogen-bromide 氢溴酸 溴化氢
HI hydroiodic-acid hydrogen-iodide 氢碘酸 碘化氢
H2S hydrogen-sulfide 硫化氢
H2SO4 sulfuric-acid sulphuric-acid 硫酸
H2SO3 sulfurous-acid 亚硫酸
HNO3 nitric-acid 硝酸
H3PO4 phosphoric-acid 磷酸
H2CO3 carbonic-acid 碳酸
HClO hypochlorous-acid 次氯酸
HClO4 perchloric-acid 高氯酸
NaOH sodium-hydroxide 氢氧化钠 烧碱
KOH potassium-hydroxide 氢氧化钾
Ca(OH)2 calcium-hydroxide 氢氧化钙 熟石灰
Al(OH)3 aluminium-hydroxide aluminum-hydroxide 氢氧化铝
Fe(OH)3 iron(iii)-hydroxide ferric-hydroxide 氢氧化铁
Fe(OH)2 iron(ii)-hydroxide ferrous-hydroxide 氢氧化亚铁
Cu(OH)2 copper(ii)-hydroxide 氢氧化铜
NaCl sodium-chloride 氯化钠 食盐
KCl potassium-chloride 氯化钾
CaCl2 calcium-chloride 氯化钙
FeCl3 iron(iii)-chloride ferric-chloride 氯化铁
FeCl2 iron(ii)-chloride ferrous-chloride 氯化亚铁
AgCl silver-chloride 氯化银
AgNO3 silver-nitrate 硝酸银
Na2CO3 sodium-carbonate 碳酸钠 纯碱
NaHCO3 sodium-bicarbonate sodium-hydrogen-carbonate 碳酸氢钠 小苏打
CaCO3 calcium-carbonate 碳酸钙
BaSO4 barium-sulfate barium-sulphate 硫酸钡
CuSO4 copper(ii)-sulfate 硫酸铜
Na2SO4 sodium-sulfate 硫酸钠
KMnO4 potassium-permanganate 高锰酸钾
KClO3 potassium-chlorate 氯酸钾
CaO calcium-oxide quicklime 氧化钙 生石灰
MgO magnesium-oxide 氧化镁
CuO copper(ii)-oxide 氧化铜
Fe2O3 iron(iii)-oxide ferric-oxide 氧化铁
FeO iron(ii)-oxide ferrous-oxide 氧化亚铁
Fe3O4 magnetite 四氧化三铁
Al2O3 alumina aluminium-oxide aluminum-oxide 氧化铝
SiO2 silica silicon-dioxide 二氧化硅
MnO2 manganese-dioxide 二氧化锰
Na2O2 sodium-peroxide 过氧化钠
Na2O sodium-oxide 氧化钠
C6H12O6 glucose 葡萄糖
H2 hydrogen hydrogen-gas 氢气
O2 oxygen oxygen-gas 氧气
O3 ozone 臭氧
N2 nitrogen nitrogen-gas 氮气
Cl2 chlorine chlorine-gas 氯气
Br2 bromine 溴 溴单质
I2 iodine 碘 碘单质
He helium 氦 氦气
Ne neon 氖 氖气
Ar argon 氩 氩气
Kr krypton 氪
Xe xenon 氙
Rn radon 氡
Li lithium 锂
Be beryllium 铍
B boron 硼
C carbon 碳
Na sodium 钠
Mg magnesium 镁
Al aluminium aluminum 铝
Si silicon 硅
P phosphorus 磷
S sulfur sulphur 硫
K potassium 钾
Ca calcium 钙
Ti titanium 钛
V vanadium 钒
Cr chromium 铬
Mn manganese 锰
Fe iron 铁
Co cobalt 钴
Ni nickel 镍
Cu copper 铜
Zn zinc 锌
Ga gallium 镓
Ge germanium 锗
As arsenic 砷
Se selenium 硒
Ag silver 银
Cd cadmium 镉
Sn tin 锡
Sb antimony 锑
Ba barium 钡
W tungsten 钨
Pt platinum 铂
Au gold 金
Hg mercury 汞 水银
Pb lead 铅
Bi bismuth 铋
Th thorium 钍
U uranium 铀
Pu plutonium 钚
"""


def _key(name: str) -> str:
    return plain_words(name.replace("-", " "))


_FORMULAS = {_key(name): line.split()[0] for line in _NAMES.strip().splitlines() for name in line.split()[1:]}


def formula_of(name: str) -> str | None:
    """The formula of the substance that `name` is as a whole, None for everything else."""
    return _FORMULAS.get(_key(name)) if len(name) <= 60 else None
