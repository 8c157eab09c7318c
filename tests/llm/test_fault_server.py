"""The test server itself: latencies, faults by text, its statistics, and the command line."""

from __future__ import annotations

import json
import signal
import statistics
import subprocess
import sys
import urllib.request

import pytest

from sciinstruct.llm.fault_server import Fault, LogNormal, PerCharacter, parse_fault


def test_log_normal_latencies_have_the_mean_that_was_asked_for_and_do_not_change():
    latency = LogNormal(1.0, 0.6, seed=3)
    drawn = [latency(f"question {number}") for number in range(4_000)]
    assert statistics.fmean(drawn) == pytest.approx(1.0, abs=0.05)
    assert drawn == [LogNormal(1.0, 0.6, seed=3)(f"question {number}") for number in range(4_000)]
    assert latency("x") != LogNormal(1.0, 0.6, seed=4)("x")


def test_latencies_that_grow_with_the_prompt():
    assert PerCharacter(0.5, 0.01)("a" * 20) == pytest.approx(0.7)


def test_faults_hit_what_they_name():
    fault = Fault("status", match=r"question \d*7$", attempts=(1, 3))
    assert [fault.hits("question 17", attempt) for attempt in (1, 2, 3)] == [True, False, True]
    assert not fault.hits("question 18", 1)
    some = Fault("status", rate=0.05)
    assert 130 <= sum(some.hits(f"question {number}", 1) for number in range(4_000)) <= 270


def test_faults_in_the_form_of_the_command_line():
    fault = parse_fault("status,status=429,rate=0.05,attempts=1+3,retry-after=2,match=7$")
    assert fault == Fault("status", status=429, rate=0.05, attempts=(1, 3), retry_after="2", match="7$")
    assert parse_fault("hang,attempts=all").attempts == ()


@pytest.mark.parametrize("text", ["explode", "status,status", "status,status=many", "cut,rate=often"])
def test_a_fault_that_cannot_be_read(text):
    with pytest.raises(ValueError, match=f"fault '{text}'"):
        parse_fault(text)


def call(url: str, body: dict[str, object]) -> dict[str, object]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=20) as response:
        return dict(json.load(response))


def test_as_a_process_of_its_own():
    command = [sys.executable, "-m", "sciinstruct.llm.fault_server", "--latency", "0.01", "--sigma", "0.5"]
    server = subprocess.Popen([*command, "--fault", "length,match=long"], stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        for text in ("short", "short", "long"):
            body = {"model": "m", "messages": [{"role": "user", "content": text}]}
            answer = call(f"{url}/chat/completions", body)
            assert answer["choices"][0]["finish_reason"] == ("length" if text == "long" else "stop")
        with urllib.request.urlopen(url.replace("/v1", "/stats?prompts=1"), timeout=20) as response:
            stats = json.load(response)
        assert (stats["tried"], stats["served"], stats["prompts"], stats["served_again"]) == (3, 3, 2, 1)
        assert sorted(stats["served_by_prompt"].values()) == [1, 2]
    finally:
        server.send_signal(signal.SIGINT)
        last_words, _ = server.communicate(timeout=20)
    assert server.returncode == 0
    assert json.loads(last_words)["served"] == 3
