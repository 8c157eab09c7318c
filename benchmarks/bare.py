"""The least that can be done, what `annotate` is compared with: post, read, decode, with workers on one session.

python benchmarks/bare.py REQUESTS.jsonl URL IN_FLIGHT
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import aiohttp


async def bare_loop(requests: list[str], url: str, in_flight: int) -> None:
    rows = iter(requests)

    async def work(session: aiohttp.ClientSession) -> None:
        for row in rows:
            body = {"model": "test", "messages": json.loads(row)}
            async with session.post(f"{url}/chat/completions", json=body) as response:
                json.loads(await response.read())["choices"][0]["message"]["content"]

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(work(session) for _ in range(in_flight)))


if __name__ == "__main__":
    asyncio.run(bare_loop(Path(sys.argv[1]).read_text("utf-8").splitlines(), sys.argv[2], int(sys.argv[3])))
