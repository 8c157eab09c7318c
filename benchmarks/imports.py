"""CPU seconds of `import sciinstruct` (at most 0.15) and `sciinstruct --help` (at most 0.4), median of fresh processes.

python benchmarks/imports.py [RUNS]
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

CASES = {
    "import sciinstruct": ("import sciinstruct", (), 0.15),
    "sciinstruct --help": ("from sciinstruct.cli.main import main; main()", ("--help",), 0.4),
    "bare interpreter": ("", (), None),
}


def cpu_seconds(program: str, arguments: tuple[str, ...]) -> float:
    """User and system time of one fresh interpreter that runs the program."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 11
    late = False
    print("| what | CPU seconds (median) | lowest | limit |\n| --- | --- | --- | --- |")
    for name, (program, arguments, limit) in CASES.items():
        cpu_seconds(program, arguments)  # the first run compiles and fills the disk cache
        times = [cpu_seconds(program, arguments) for _ in range(runs)]
        median = statistics.median(times)
        late = late or (limit is not None and median > limit)
        print(f"| {name} | {median:.3f} | {min(times):.3f} | {'' if limit is None else limit} |")
    return int(late)


if __name__ == "__main__":
    raise SystemExit(main())
