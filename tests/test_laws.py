"""The laws of docs/architecture.md that a machine can hold: who imports whom, what loads, what code never does."""

from __future__ import annotations

import ast
import importlib
import json
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

import sciinstruct

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "sciinstruct"

RECORDS = {"records", "errors"}
BASE = RECORDS | {"io", "llm", "verification"}
MIDDLE = BASE | {"collection", "annotation"}
TOP = MIDDLE | {
    "quality",
    "reporting",
    "finetuning",
    "evaluation",
    "teacher",
    "scale",
    "study",
    "pipeline",
}

# Which other rooms a room may import. A room that is not here has to be given its place in docs/architecture.md first.
MAY_IMPORT = {
    "records": set(),
    "errors": set(),
    "io": RECORDS,
    "llm": RECORDS,
    "verification": RECORDS,
    "collection": BASE,
    "annotation": BASE,
    "finetuning": BASE,
    "evaluation": BASE,
    "teacher": BASE,
    "quality": MIDDLE,
    "reporting": MIDDLE | {"quality"},
    "scale": TOP,
    "study": TOP,
    "pipeline": TOP,
    "cli": TOP,
    "__main__": TOP | {"cli"},
}

HEAVY = {
    "aiohttp",
    "datasets",
    "math_verify",
    "numpy",
    "pandas",
    "pyarrow",
    "ray",
    "sympy",
    "torch",
    "transformers",
    "xllamacpp",
}

# Model output and input files are data: nothing here may run what stands in them.
UNSAFE_NAMES = {"eval", "exec", "__import__", "parse_expr", "sympify"}
UNSAFE_ATTRIBUTES = {
    "os": {"system", "popen"},
    "pickle": {"load", "loads", "Unpickler"},
    "marshal": {"load", "loads"},
    "yaml": {"load", "load_all", "unsafe_load", "full_load"},
    "sympy": {"sympify", "parse_expr"},
    "asyncio": {"create_subprocess_shell"},
}
UNSAFE_KEYWORDS = {"shell", "trust_remote_code"}

LINES_IN_ONE_SITTING = 450


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def own_code() -> list[Path]:
    return [
        path for folder in ("src", "tools", "benchmarks", "examples") for path in sorted((ROOT / folder).rglob("*.py"))
    ]


def named(paths: list[Path]) -> list[object]:
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in paths]


def room_of(path: Path) -> str:
    """`io` for …/sciinstruct/io/questions.py, `records` for …/records.py, "" for the package's own file."""
    first = path.relative_to(SOURCE).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def imported_rooms(path: Path) -> Iterator[tuple[int, str]]:
    """(line, room) for every import of a sciinstruct module in a file, at any depth, for types only as well."""
    package = ("sciinstruct", *path.relative_to(SOURCE).parts[:-1])
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            targets = [tuple(alias.name.split(".")) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            start = base + tuple((node.module or "").split(".") if node.module else ())
            targets = [(*start, alias.name) for alias in node.names]
        else:
            continue
        for target in targets:
            if target[0] == "sciinstruct" and len(target) > 1 and not target[1].startswith("__"):
                yield node.lineno, target[1]


@pytest.mark.parametrize("path", named(modules()))
def test_imports_point_one_way(path: Path) -> None:
    room = room_of(path)
    if not room:
        return  # the package's own file opens every verb lazily; the import budget below holds it
    assert room in MAY_IMPORT, f"{room} has no place in the order of rooms"
    homes = {name: home.split(".")[0] for name, home in sciinstruct._HOMES.items()}
    for line, imported in imported_rooms(path):
        target = homes.get(imported, imported)
        allowed = target == room or target in MAY_IMPORT[room]
        assert allowed, f"{path.relative_to(ROOT)}:{line}: {room} imports {target}"


def test_the_direction_test_sees_imports_of_every_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "SOURCE", tmp_path)
    (tmp_path / "io").mkdir()
    file = tmp_path / "io" / "x.py"
    file.write_text(
        "import sciinstruct.cli.main\n"
        "from sciinstruct import annotation\n"
        "from ..llm import client\n"
        "from .. import pipeline, __version__\n"
        "from .y import z\n"
        "def f():\n    from ..reporting.card import write\n"
    )
    assert sorted(imported_rooms(file)) == [
        (1, "cli"), (2, "annotation"), (3, "llm"), (4, "pipeline"), (5, "io"), (7, "reporting"),
    ]  # fmt: skip


def packages() -> list[str]:
    """The packages that are there to be imported; `cli` is a program and offers no names."""
    found = [info.name for info in pkgutil.iter_modules([str(SOURCE)]) if info.ispkg and info.name != "cli"]
    return ["sciinstruct", *(f"sciinstruct.{name}" for name in sorted(found))]


def in_order(name: str) -> tuple[int, str]:
    """The order that ruff keeps: CONSTANTS, Classes, functions."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


def offered(package: ModuleType) -> list[str]:
    """The public names of a package; one that only groups modules has none."""
    return list(getattr(package, "__all__", ()))


@pytest.mark.parametrize("name", packages())
def test_public_names_are_listed_in_order_and_exist(name: str) -> None:
    package = importlib.import_module(name)
    listed = offered(package)
    assert listed == sorted(set(listed), key=in_order)
    for public in listed:
        assert getattr(package, public) is not None


@pytest.mark.parametrize("name", packages()[1:])
def test_every_name_that_a_package_takes_in_is_public(name: str) -> None:
    package = importlib.import_module(name)
    taken = {
        alias.asname or alias.name
        for node in tree(Path(str(package.__file__))).body
        if isinstance(node, ast.ImportFrom) and (node.level or str(node.module).startswith("sciinstruct"))
        for alias in node.names
    }
    assert taken - set(offered(package)) == set()


def test_the_package_lists_all_its_lazy_names() -> None:
    assert sciinstruct.__all__ == sorted(sciinstruct._HOMES)
    assert dir(sciinstruct) == sciinstruct.__all__
    with pytest.raises(AttributeError, match="no_such_name"):
        sciinstruct.no_such_name  # noqa: B018


IMPORT_ONLY = "import json, sys, sciinstruct; print(json.dumps(sorted(sys.modules)), file=sys.stderr)"
HELP = """
import json, sys
from sciinstruct.cli.main import main
sys.argv = ["sciinstruct", "--help"]
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize("code", [IMPORT_ONLY, HELP], ids=["import sciinstruct", "sciinstruct --help"])
def test_nothing_heavy_is_loaded(code: str) -> None:
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    loaded = {name.split(".")[0] for name in json.loads(ran.stderr.splitlines()[-1])}
    assert "sciinstruct" in loaded
    assert loaded & HEAVY == set()


def unsafe_calls(module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Name) and function.id in UNSAFE_NAMES:
            yield node.lineno, function.id
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            owner = function.value.id
            if function.attr in UNSAFE_ATTRIBUTES.get(owner, ()):
                yield node.lineno, f"{owner}.{function.attr}"
        for keyword in node.keywords:
            set_to_true = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
            if keyword.arg in UNSAFE_KEYWORDS and set_to_true:
                yield node.lineno, f"{keyword.arg}=True"


@pytest.mark.parametrize("path", named(own_code()))
def test_nothing_that_is_read_is_run(path: Path) -> None:
    assert list(unsafe_calls(tree(path))) == []


@pytest.mark.parametrize("line", ["eval('1')", "yaml.load(f)", "subprocess.run('ls', shell=True)", "pickle.loads(b)"])
def test_the_unsafe_calls_test_sees(line: str) -> None:
    assert list(unsafe_calls(ast.parse(line)))


def silent_catches(module: ast.Module) -> Iterator[int]:
    """Lines of handlers that catch everything and say nothing."""
    for node in ast.walk(module):
        if not isinstance(node, ast.ExceptHandler):
            continue
        broad = node.type is None or (
            isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
        )
        if broad and all(isinstance(statement, ast.Pass) for statement in node.body):
            yield node.lineno


@pytest.mark.parametrize("path", named(own_code()))
def test_no_error_is_swallowed(path: Path) -> None:
    assert list(silent_catches(tree(path))) == []


@pytest.mark.parametrize("path", named(own_code()))
def test_a_file_is_read_in_one_sitting(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= LINES_IN_ONE_SITTING, f"{lines} lines: is this two files?"


def text_files() -> Iterator[Path]:
    """Every text file that belongs to the project, found without git."""
    folders = ("src", "tests", "docs", "examples", "tools", "benchmarks", ".ci")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    found += [path for path in ROOT.iterdir() if path.is_file() and not path.name.startswith(".git")]
    for path in sorted(found):
        if "__pycache__" not in path.parts and path.suffix not in {
            ".gz",
            ".npz",
            ".parquet",
            ".png",
            ".safetensors",
            ".sqlite",
        }:
            yield path


def test_no_path_of_a_machine_and_no_registry_host() -> None:
    own_machine = re.compile(r"(?<![\w./])/(?:work|root|home/[a-z]+)/")
    index = re.compile(r"--(?:extra-)?index-ur[l]")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in text_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if own_machine.search(line) or index.search(line)
    ]
    assert found == []


def test_constraints_pin_what_the_project_depends_on() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = list(project["dependencies"])
    for extra in project.get("optional-dependencies", {}).values():
        wanted += extra
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    names = {re.split(r"[\[<>=!~; ]", requirement)[0].lower().replace("_", "-") for requirement in wanted}
    assert names - pinned == set()
