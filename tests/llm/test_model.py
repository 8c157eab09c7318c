"""Model specs, keys and what a pool may hold."""

from __future__ import annotations

import asyncio
from importlib.metadata import EntryPoint, EntryPoints

import pytest
from yarl import URL

from sciinstruct.errors import ConfigError
from sciinstruct.llm import ModelOptions, model, open_model
from sciinstruct.llm.fault_server import FaultServer
from sciinstruct.llm.pool import Pool, _find_key, _open_endpoint

OPENAI = "https://api.openai.com/v1"


@pytest.mark.parametrize(
    ("specs", "words"),
    [
        ([], "no model given"),
        (["gguf:x"], "http.*openai:NAME.*recorded:FILE"),
        (["nonsense"], "unknown kind"),
        (["http://h/v1"], "names no model"),
        (["openai:"], "names no model"),
        (["http:///v1#m"], "not an address"),
        (["http://a..b/v1#m"], "not an address.*label empty or too long"),
        (["http://" + "a" * 64 + ".com/v1#m"], "not an address.*label empty or too long"),
        (["http://user:secret@h/v1#m"], "never from the address"),
        (["http://h/v1?rpm=0#m"], "rpm=0"),
        (["http://h/v1?concurrency=many#m"], "concurrency=many"),
        (["http://a/v1#m", "http://b/v1#n"], "one model.*m, n"),
        (["http://a/v1#m", "recorded:f#m"], "pooled"),
    ],
)
def test_a_spec_that_cannot_be_read(specs, words):
    with pytest.raises(ConfigError, match=words) as refused:
        open_model(specs)
    assert "secret" not in str(refused.value)


def test_a_pool_has_the_name_of_its_model():
    opened = open_model(["http://a:8000/v1#Qwen/Qwen3-32B", "https://b/v1#Qwen/Qwen3-32B"])
    assert isinstance(opened, Pool)
    assert opened.name == "Qwen/Qwen3-32B"


def test_limits_in_the_address_are_those_of_that_endpoint():
    endpoint, limits = _open_endpoint("http://h/v1?concurrency=3&rpm=9&api-version=1#m", ModelOptions(), 1)
    assert limits.maximum == 3
    assert endpoint.label == "http://h/v1?api-version=1"
    assert _open_endpoint("http://h/v1#m", ModelOptions(concurrency=5), 0)[1].maximum == 5


@pytest.mark.parametrize(
    ("url", "openai_url", "variable"),
    [
        ("https://api.openai.com/v1", OPENAI, "OPENAI_API_KEY"),
        ("http://127.0.0.1:8000/v1", OPENAI, "SCIINSTRUCT_API_KEY"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1", "OPENAI_API_KEY"),
        ("https://api.openai.com.evil.example/v1", OPENAI, "SCIINSTRUCT_API_KEY"),
        ("http://api.openai.com/v1", OPENAI, "SCIINSTRUCT_API_KEY"),
        ("https://api.deepseek.com/v1", OPENAI, "SCIINSTRUCT_API_KEY_API_DEEPSEEK_COM"),
    ],
)
def test_which_key_goes_to_which_host(monkeypatch, url, openai_url, variable):
    for name in ("OPENAI_API_KEY", "SCIINSTRUCT_API_KEY", "SCIINSTRUCT_API_KEY_API_DEEPSEEK_COM"):
        monkeypatch.setenv(name, "value of " + name)
    assert _find_key(URL(url), openai_url) == (variable, "value of " + variable)


@pytest.mark.parametrize(
    ("value", "key"), [("sk-abc\n", "sk-abc"), (" sk-abc\r\n", "sk-abc"), ("\n", None), ("schlüssel", "schlüssel")]
)
def test_white_space_around_a_key_is_no_part_of_it(monkeypatch, value, key):
    monkeypatch.setenv("SCIINSTRUCT_API_KEY", value)
    assert _find_key(URL("http://h/v1"), OPENAI) == ("SCIINSTRUCT_API_KEY", key)


@pytest.mark.parametrize("value", ["sk-\nabc", "sk-\rabc", "sk-\x1babc"])
def test_a_key_that_no_header_can_carry_names_its_variable(monkeypatch, value):
    monkeypatch.setenv("SCIINSTRUCT_API_KEY", value)
    with pytest.raises(ConfigError, match="variable SCIINSTRUCT_API_KEY: a line break") as refused:
        open_model(["http://h/v1#m"])
    assert "abc" not in str(refused.value)


def test_openai_goes_where_the_environment_says(monkeypatch, ask):
    async def run() -> str:
        async with FaultServer(answer="hello") as server:
            monkeypatch.setenv("OPENAI_BASE_URL", server.url)
            opened = open_model(["openai:test"])
            try:
                return (await opened.answer(ask())).text
            finally:
                await opened.aclose()

    assert asyncio.run(run()) == "hello"


def make_parrot(rest: str, options: ModelOptions) -> object:
    class Parrot:
        name = f"parrot-{rest or 'plain'}-{options.concurrency}"

    return Parrot()


def test_other_packages_add_their_own_kinds(monkeypatch):
    point = EntryPoint(name="parrot", value=f"{__name__}:make_parrot", group=model.ENTRY_POINTS)
    monkeypatch.setattr(model, "entry_points", lambda group: EntryPoints([point]).select(group=group))
    assert open_model(["parrot:grey"], ModelOptions(concurrency=2)).name == "parrot-grey-2"
    assert open_model(["parrot"]).name == "parrot-plain-64"
    with pytest.raises(ConfigError, match="parrot"):
        open_model(["budgie:blue"])


@pytest.mark.parametrize("options", [{"concurrency": 0}, {"timeout": -1.0}, {"retries": -1}, {"tokens_per_minute": 0}])
def test_options_that_make_no_sense(options):
    with pytest.raises(ConfigError, match=next(iter(options))):
        ModelOptions(**options)
