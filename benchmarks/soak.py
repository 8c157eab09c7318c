"""A long run under fire: mixed faults, an endpoint that dies and comes back, and kill -9 with resume, five times each.

    python benchmarks/soak.py [--count 200000]

Two servers, 64 questions in flight. Two in a hundred prompts fail at their first attempt on each server (429, 500,
dropped, cut and broken answers), one in five hundred is refused for good (400). One question in twenty has another
reference answer than the servers give, and so goes through all stages. Then every question must be in one of the two
tables, once; what the servers served beyond the ledger's calls was paid twice.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
from common import SOLUTION, Server, annotate_command, ledger_calls, write_questions

IN_FLIGHT = 64
KILLS = 5
FAULTS = (
    "status,status=400,rate=0.002,attempts=all",
    "status,status=429,rate=0.004",
    "status,status=500,rate=0.004,seed=1",
    "drop,rate=0.004",
    "cut,rate=0.004",
    "garbage,rate=0.004",
)
CALLS_PER_QUESTION = 1.3  # solve; three tries each to reflect and to revise for one in twenty


@dataclass
class Leg:
    """One start of the command: calls in the ledger at its end, its seconds and its peak memory in MB."""

    ending: str
    calls: int
    seconds: float
    megabytes: float


class Soak:
    """The servers, the run, and what is seen of them."""

    def __init__(self, folder: Path, count: int) -> None:
        self.options = ("--latency", "0.05", "--answer", SOLUTION)
        self.options += tuple(part for fault in FAULTS for part in ("--fault", fault))
        self.servers = [Server(*self.options), Server(*self.options)]
        self.run = folder / "run"
        urls = [server.url for server in self.servers]
        second = ("--model", f"{urls[1]}#test", "--concurrency", str(IN_FLIGHT))
        questions = write_questions(folder / "questions.jsonl", count, wrong_every=20)
        self.command = annotate_command(questions, urls[0], self.run, *second)
        self.expected = round(CALLS_PER_QUESTION * count)
        self.served = 0
        self.statuses: dict[str, int] = {}

    def leg(self, part: int) -> Leg:
        """Runs until the ledger has its part of the calls, then kills; halfway there an endpoint dies and returns."""
        goal = self.expected * part // (KILLS + 1) if part <= KILLS else None
        halfway = self.expected * (2 * part - 1) // (2 * (KILLS + 1))
        died = part > KILLS
        started = time.perf_counter()
        peak = 0.0
        process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            peak = max(peak, peak_megabytes(process.pid))
            calls = ledger_calls(self.run)
            if not died and calls >= halfway:
                self.restart_endpoint()
                died = True
            if goal is not None and calls >= goal:
                process.kill()
            time.sleep(0.2)
        assert process.returncode in (0, -9), f"annotate ended with {process.returncode}"
        ending = "killed" if process.returncode else "finished"
        return Leg(ending, ledger_calls(self.run), time.perf_counter() - started, peak)

    def restart_endpoint(self) -> None:
        """The second endpoint dies in the middle of its calls and is back three seconds later."""
        port = int(self.servers[1].url.split(":")[2].split("/")[0])
        self.count(self.servers[1])
        time.sleep(3)
        self.servers[1] = Server(*self.options, port=port)

    def count(self, server: Server) -> None:
        """Stops a server and adds up what it has served."""
        stats = server.stop()
        self.served += stats["served"]
        for status, number in stats["statuses"].items():
            self.statuses[status] = self.statuses.get(status, 0) + number


def peak_megabytes(pid: int) -> float:
    """Peak memory of a process so far; 0 where it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


def ids(path: Path) -> list[str]:
    listed: list[str] = pq.read_table(path, columns=["id"]).column("id").to_pylist()
    return listed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200_000)
    count = parser.parse_args().count
    with tempfile.TemporaryDirectory() as name:
        soak = Soak(Path(name), count)
        print("| leg | ended | calls in the ledger | seconds | peak MB |\n| ---: | --- | ---: | ---: | ---: |")
        for part in range(1, KILLS + 2):
            leg = soak.leg(part)
            print(f"| {part} | {leg.ending} | {leg.calls:,} | {leg.seconds:.0f} | {leg.megabytes:.0f} |", flush=True)
        for server in soak.servers:
            soak.count(server)
        accepted, rejected = ids(soak.run / "instructions.parquet"), ids(soak.run / "rejected.parquet")
        attrition = json.loads((soak.run / "manifest.json").read_text())["attrition"]
        calls = ledger_calls(soak.run)
    once = len(set(accepted) | set(rejected)) == len(accepted) + len(rejected) == count
    print(f"\naccepted {len(accepted):,}, rejected {len(rejected):,}; every question once: {once}")
    print(f"the manifest's counts: {attrition}")
    print(f"served {soak.served:,}, in the ledger {calls:,}: paid twice {soak.served - calls:,}")
    print(f"what the servers did: {soak.statuses}")


if __name__ == "__main__":
    main()
