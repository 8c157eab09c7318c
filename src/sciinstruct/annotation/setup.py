"""From options to what a run needs: the plan and the models it asks."""

from __future__ import annotations

import json
from typing import Any

from ..errors import ConfigError
from ..llm import Model, ModelOptions, Price, open_model
from ..records import Sampling
from ..verification import RULES_VERSION
from .config import AnnotateConfig, pairs
from .plan import Plan
from .prompts import load_prompts

__all__ = ["open_models", "prices_of", "resolve_plan"]

# A judge and a critic are asked for their most likely answer.
_DECIDES = Sampling(temperature=0.0)


def open_models(config: AnnotateConfig) -> tuple[dict[str, Model], dict[str, str]]:
    """Opens the models of a run: by name, and the name that serves each stage.

    A pool that is given for several stages is opened once. Raises ConfigError for a spec that cannot be read, and
    where two stages name the same model at different addresses (their replies could not be told apart).
    """
    options = ModelOptions(
        concurrency=config.concurrency,
        requests_per_minute=config.requests_per_minute,
        tokens_per_minute=config.tokens_per_minute,
        retries=config.retries,
        timeout=config.timeout,
    )
    by_specs: dict[tuple[str, ...], Model] = {}
    names: dict[str, str] = {}
    for stage, specs in _specs_by_stage(config).items():
        if specs not in by_specs:
            by_specs[specs] = open_model(specs, options)
        names[stage] = by_specs[specs].name
    models: dict[str, Model] = {}
    for specs, model in by_specs.items():
        if model.name in models:
            raise ConfigError(
                f"model {' '.join(specs)}: another stage has a model of the name {model.name!r} with other addresses; "
                "give all its addresses for both stages"
            )
        models[model.name] = model
    return models, names


def _specs_by_stage(config: AnnotateConfig) -> dict[str, tuple[str, ...]]:
    reflect = config.reflect_model or config.model
    specs = {"solve": config.model, "critic": config.critic or reflect}
    if "reflect" in config.stages:
        specs["reflect"] = reflect
    if "revise" in config.stages:
        specs["revise"] = config.revise_model or config.model
    if config.judge:
        specs["judge"] = config.judge
    return specs


def resolve_plan(config: AnnotateConfig, names: dict[str, str]) -> Plan:
    """The plan of a run whose stages are served by the models of these names."""
    extra = {key: _json_or_text(value) for key, value in pairs("extra", config.extra).items()}
    sampling = Sampling(temperature=config.temperature, top_p=config.top_p, max_tokens=config.max_tokens, extra=extra)
    decides = Sampling(temperature=_DECIDES.temperature, max_tokens=config.max_tokens, extra=extra)
    return Plan(
        models=names,
        sampling={stage: decides if stage in ("judge", "critic") else sampling for stage in names},
        prompts=load_prompts(tuple(map(str, config.prompts))),
        samples={"solve": config.samples, "reflect": config.reflect_samples, "revise": config.revise_samples},
        rounds=config.rounds,
        language=config.language,
        seed=config.seed,
        unknown=config.unknown,
        second_look=config.second_look,
        agreement_samples=config.agreement_samples,
        agreement_share=config.agreement_share,
        rules_version=RULES_VERSION,
    )


def prices_of(config: AnnotateConfig) -> dict[str, Price]:
    """Prices by model name from the option `price`; raises ConfigError for an entry that is no price."""
    prices = {}
    for name, text in pairs("price", config.price).items():
        numbers = text.split(",")
        try:
            values = [float(number) for number in numbers]
            prices[name] = Price(**dict(zip(("input", "output", "cached", "reasoning"), values, strict=False)))
        except (TypeError, ValueError) as error:
            raise ConfigError(f"price: {name}={text!r} is not INPUT,OUTPUT[,CACHED[,REASONING]]: {error}") from error
        if len(numbers) > 4:
            raise ConfigError(f"price: {name}={text!r} has more than four numbers")
    return prices


def _json_or_text(value: str) -> Any:
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value
