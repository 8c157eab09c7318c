"""A llama.cpp server with a model that is made on the spot: a real OpenAI-compatible server where there is no GPU.

    python benchmarks/tiny_llama.py [--port 0]        # prints its address, ends with Ctrl-C

Needs the extra `llama`. The model is a Llama of two layers with random weights, written in the time of a blink. It
draws letters, the headings that the prompts ask for, and now and then a final answer; what is right is right by chance.
It shows that client, resume and accounting work with a server that others wrote, and nothing about answers.
"""

from __future__ import annotations

import argparse
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

HIDDEN, HEADS, LAYERS, FEED_FORWARD = 64, 4, 2, 128
CONTEXT = 8192  # tokens per slot; a token is a byte, nearly
SLOTS = 8
NAME = "tiny-llama"

END, SYSTEM, USER, ASSISTANT = "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"
CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
# What the model says in one token, and how often as compared with a letter.
PHRASES = {
    "\n## Reflection\nError kind: calculation.\n": 1.0,
    "\n## Corrected solution\n": 2.0,
    "\n【反思】\n错误类型：计算错误。\n": 1.0,
    "\n【正确解答】\n": 2.0,
    **{f"\n\\boxed{{{letter}}}\n": 0.5 for letter in "ABCD12"},
    **{f"\n【答案】{letter}\n": 0.5 for letter in "ABCD12"},
}
END_WEIGHT = 0.5


def byte_letters() -> list[str]:
    """The letter that stands for each byte in a byte-level vocabulary (GPT-2's table): itself if it can be seen, else
    one from U+0100 on."""
    seen = {*range(33, 127), *range(161, 173), *range(174, 256)}
    unseen = iter(range(256, 512))
    return [chr(byte if byte in seen else next(unseen)) for byte in range(256)]


def vocabulary() -> tuple[list[str], list[int], list[float]]:
    """Every token with its kind (gguf's TokenType) and how often it is drawn: mostly a-z, digits, spaces."""
    from gguf import TokenType

    often = {10, 32, *range(48, 58), *range(97, 123)}
    parts = [
        *((letter, TokenType.NORMAL, float(byte in often)) for byte, letter in enumerate(byte_letters())),
        ("th", TokenType.NORMAL, 0.0),  # a vocabulary of this kind has at least one merge
        *((phrase, TokenType.USER_DEFINED, weight) for phrase, weight in PHRASES.items()),
        (END, TokenType.CONTROL, END_WEIGHT),
        *((mark, TokenType.CONTROL, 0.0) for mark in (SYSTEM, USER, ASSISTANT)),
    ]
    tokens, kinds, weights = zip(*parts, strict=True)
    return list(tokens), [int(kind) for kind in kinds], list(weights)


def tensors(tokens: list[str], weights: list[float], seed: int) -> Iterator[tuple[str, Any]]:
    """The weights by their names in GGUF, small random numbers with two meant exceptions."""
    import numpy as np

    random = np.random.default_rng(seed)

    def small(*shape: int, scale: float = 0.02) -> Any:
        return (random.standard_normal(shape) * scale).astype(np.float32)

    embedding, output = small(len(tokens), HIDDEN), small(len(tokens), HIDDEN, scale=0.3)
    # The first number of every hidden state is far above the others, so after the last norm it is about the square
    # root of HIDDEN: the output's first column decides how often a token comes, the rest makes it hang on the context.
    embedding[:, 0] = 1
    output[:, 0] = np.log(np.maximum(weights, 1e-6)) / HIDDEN**0.5
    # Likewise the second number keeps the end from coming where nothing has been said yet: no reply is blank.
    embedding[[ord("\n"), ord(" "), tokens.index(ASSISTANT)], 1] = 1
    output[tokens.index(END), 1] = -3
    yield "token_embd", embedding
    yield "output", output
    yield "output_norm", np.ones(HIDDEN, dtype=np.float32)
    for layer in range(LAYERS):
        for norm in ("attn_norm", "ffn_norm"):
            yield f"blk.{layer}.{norm}", np.ones(HIDDEN, dtype=np.float32)
        for part in ("attn_q", "attn_k", "attn_v"):
            yield f"blk.{layer}.{part}", small(HIDDEN, HIDDEN)
        for part in ("ffn_gate", "ffn_up"):
            yield f"blk.{layer}.{part}", small(FEED_FORWARD, HIDDEN)
        # what a layer adds is kept below what the embedding says
        yield f"blk.{layer}.attn_output", small(HIDDEN, HIDDEN, scale=0.005)
        yield f"blk.{layer}.ffn_down", small(HIDDEN, FEED_FORWARD, scale=0.005)


def write_model(path: Path, seed: int = 0) -> None:
    """Write the model as a GGUF file; the same seed gives the same file."""
    from gguf import GGUFWriter

    tokens, kinds, weights = vocabulary()
    writer = GGUFWriter(path, "llama")
    writer.add_name(NAME)
    writer.add_block_count(LAYERS)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(HIDDEN)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(HIDDEN // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(["t h"])
    writer.add_eos_token_id(tokens.index(END))
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    for name, tensor in tensors(tokens, weights, seed):
        writer.add_tensor(f"{name}.weight", tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def serve(model: Path, port: int) -> None:
    """Serve the model on 127.0.0.1 until the process is told to end; prints the address up to /v1."""
    import xllamacpp

    options = xllamacpp.CommonParams()
    options.model.path = str(model)
    options.model_alias = {NAME}
    options.port = port
    options.n_parallel = SLOTS
    options.n_ctx = SLOTS * CONTEXT
    options.cpuparams.n_threads = options.cpuparams_batch.n_threads = 1
    running = xllamacpp.Server(options)
    print(f"{running.listening_address}/v1", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


@dataclass(frozen=True)
class Served:
    """What the server itself says that it has done: requests begun and ended, tokens of their prompts (those that it
    took from its cache too) and tokens drawn."""

    begun: int
    ended: int
    prompt_tokens: int
    completion_tokens: int

    def since(self, earlier: Served) -> Served:
        """What was done after `earlier`."""
        return Served(*(now - then for now, then in zip(astuple(self), astuple(earlier), strict=True)))


class TinyServer:
    """A running server: its address up to /v1, and what it counts."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self._log = log

    def served(self) -> Served:
        """The counts so far, from the server's log (its /metrics are rounded to six digits)."""
        log = self._log.read_text(encoding="utf-8", errors="replace")
        drawn = [int(count) for count in re.findall(r"\| +eval time = .* (\d+) tokens", log)]
        # A slot ends with the prompt and all drawn tokens but the last, which it need not read.
        held = [int(count) for count in re.findall(r"stop processing: n_tokens = (\d+)", log)]
        return Served(
            begun=log.count("processing task"),
            ended=len(held),
            prompt_tokens=sum(held) + len(held) - sum(drawn),
            completion_tokens=sum(drawn),
        )


@contextmanager
def running() -> Iterator[TinyServer]:
    """The server in a process of its own, on a free port; it ends with the context."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("w") as errors:
            process = subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, stderr=errors, text=True)
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            if not url:
                raise RuntimeError(f"the server did not start:\n{log.read_text()[-2000:]}")
            yield TinyServer(url, log)
        finally:
            process.terminate()
            process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    port = parser.parse_args().port
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "tiny.gguf"
        write_model(model)
        serve(model, port)


if __name__ == "__main__":
    main()
