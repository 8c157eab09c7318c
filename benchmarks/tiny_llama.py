"""A llama.cpp server with a model that is made on the spot: a real OpenAI-compatible server where there is no GPU.

    python benchmarks/tiny_llama.py [--port 0]        # prints its address, ends with Ctrl-C

Needs the extra `llama`. The model is a Llama of two layers with random weights, written in the time of a blink. It
draws letters, the headings that the prompts ask for, and now and then a final answer; what is right is right by chance.
It shows that client, resume and accounting work with a server that others wrote, and nothing about answers.
"""

from __future__ import annotations

import argparse
import math
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path

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
END_WEIGHT = 1.5


def byte_letters() -> list[str]:
    """The letter that stands for each byte in a byte-level vocabulary (GPT-2's table): itself if it can be seen, else
    one from U+0100 on."""
    seen = {*range(33, 127), *range(161, 173), *range(174, 256)}
    unseen = iter(range(256, 512))
    return [chr(byte if byte in seen else next(unseen)) for byte in range(256)]


def write_model(path: Path, seed: int = 0) -> None:
    """Write the model as a GGUF file; the same seed gives the same file."""
    import gguf
    import numpy as np

    specials = [END, SYSTEM, USER, ASSISTANT]
    tokens = [*byte_letters(), "th", *PHRASES, *specials]  # a vocabulary of this kind needs at least one merge: "th"
    kinds = [gguf.TokenType.NORMAL] * 257 + [gguf.TokenType.USER_DEFINED] * len(PHRASES)
    kinds += [gguf.TokenType.CONTROL] * len(specials)
    spoken = {byte: 1.0 for byte in (10, 32, *range(48, 58), *range(97, 123))}
    weights = [spoken.get(number, 1e-6) for number in range(257)] + [*PHRASES.values(), END_WEIGHT, 1e-6, 1e-6, 1e-6]

    writer = gguf.GGUFWriter(path, "llama")
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

    random = np.random.default_rng(seed)

    def add(name: str, *shape: int, scale: float = 0.02) -> None:
        writer.add_tensor(name, (random.standard_normal(shape) * scale).astype(np.float32))

    def add_norm(name: str) -> None:
        writer.add_tensor(name, np.ones(HIDDEN, dtype=np.float32))

    # The first number of every hidden state is far above the others, so after the last norm it is about the square
    # root of HIDDEN: the output's first column decides how often a token comes, the rest makes it hang on the context.
    embedding = (random.standard_normal((len(tokens), HIDDEN)) * 0.02).astype(np.float32)
    embedding[:, 0] = 1
    # Likewise the second number keeps the end from coming where nothing has been said yet: no reply is blank.
    embedding[[10, 32, tokens.index(ASSISTANT)], 1] = 1
    output = (random.standard_normal((len(tokens), HIDDEN)) * 0.3).astype(np.float32)
    output[:, 0] = [math.log(weight) / math.sqrt(HIDDEN) for weight in weights]
    output[tokens.index(END), 1] = -3
    writer.add_tensor("token_embd.weight", embedding)
    writer.add_tensor("output.weight", output)
    add_norm("output_norm.weight")
    for layer in range(LAYERS):
        add_norm(f"blk.{layer}.attn_norm.weight")
        add_norm(f"blk.{layer}.ffn_norm.weight")
        for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{layer}.{part}.weight", HIDDEN, HIDDEN)
        add(f"blk.{layer}.ffn_gate.weight", FEED_FORWARD, HIDDEN)
        add(f"blk.{layer}.ffn_up.weight", FEED_FORWARD, HIDDEN)
        add(f"blk.{layer}.ffn_down.weight", HIDDEN, FEED_FORWARD)

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
    options.endpoint_metrics = True
    running = xllamacpp.Server(options)
    print(f"{running.listening_address}/v1", flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})


@dataclass(frozen=True)
class Served:
    """What the server itself says that it has done: requests that it began and ended, tokens that it read (those from
    its cache too) and wrote."""

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
        """The counts so far: tokens from /metrics, requests from the server's log."""
        with urllib.request.urlopen(self.url.removesuffix("/v1") + "/metrics", timeout=30) as response:
            lines = [line.split() for line in response.read().decode().splitlines() if not line.startswith("#")]
        metrics = {name.removeprefix("llamacpp:"): float(value) for name, value in lines}
        log = self._log.read_text(encoding="utf-8", errors="replace")
        return Served(
            begun=log.count("processing task"),
            ended=log.count("total time ="),
            prompt_tokens=round(metrics["prompt_tokens_total"] + metrics["prompt_tokens_cached_total"]),
            completion_tokens=round(metrics["tokens_predicted_total"]),
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
