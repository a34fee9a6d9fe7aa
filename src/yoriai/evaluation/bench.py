"""Measuring models one after the other, under several conditions. A stop keeps what was measured until then.

Knows neither terminal nor page: it tells of progress by a function, and gives every measurement to another.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from yoriai.catalog.hardware import Machine
from yoriai.catalog.measurement import Measurement, machine_id, machine_parts, spread
from yoriai.errors import EngineError, UsageError
from yoriai.evaluation.speed import Load, Round, embedding_rounds, rounds
from yoriai.evaluation.subjects import Source, Subject
from yoriai.types import Context

_LEAST_PROMPT = 64  # tokens: the shortest prompt with which a prompt's speed says something
_SPARE = 8  # tokens of the context that stay free, for what a template adds


@dataclass(frozen=True, kw_only=True, slots=True)
class Conditions:
    contexts: tuple[int, ...] = (512, 2048)
    users: tuple[int, ...] = (1,)
    prompt_tokens: int = 0  # 0: as many as the context holds beside the reply
    tokens: int = 64  # of each reply
    rounds: int = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    model: str
    context: int
    users: int
    done: int  # rounds, of all models and conditions
    total: int


Keep = Callable[[Measurement], Awaitable[None]]
# Model, what is asked of it, context -> tokens/s of prompt and of generation as foreseen.
Foresee = Callable[[Source, Load, int], Awaitable[tuple[float | None, float | None]]]
Show = Callable[[Progress], None]
Look = Callable[[], Awaitable[bool]]  # whether others keep the machine at work


@dataclass(frozen=True, kw_only=True, slots=True)
class Bench:
    """On which machine, and where results go."""

    machine: Machine
    machine_name: str
    asked_by: Context
    keep: Keep
    show: Show
    foresee: Foresee
    is_busy: Look

    async def run(self, sources: Sequence[Source], conditions: Conditions) -> None:
        """Measure each source under each condition. Cancelled, the rounds that were done are kept, too.

        Raises:
            UsageError: a condition that cannot be. EngineError: a model that writes nothing; whatever engines raise.
        """
        runs = [(source, *each) for source in sources for each in conditions_of(source, conditions)]
        total = len(runs) * conditions.rounds
        for number, (source, context, users) in enumerate(runs):
            progress = Progress(
                model=source.model, context=context, users=users, done=number * conditions.rounds, total=total
            )
            await self._one(source, conditions, progress)

    async def _one(self, source: Source, conditions: Conditions, progress: Progress) -> None:
        prompt = conditions.prompt_tokens or progress.context - conditions.tokens - _SPARE
        load = Load(users=progress.users, prompt_tokens=prompt, tokens=conditions.tokens)
        done: list[Round] = []
        memory: int | None = None
        self.show(progress)
        foreseen = await self.foresee(source, load, progress.context)
        # Before each, as long runs take hours; work here doesn't slow an endpoint elsewhere.
        was_busy = source.installed is not None and await self.is_busy()
        try:
            async with (
                source.open(progress.context, progress.users) as subject,
                aclosing(self._begin(subject, load)) as endless,
            ):
                async for each in endless:
                    if not each.generated_tokens and not subject.embed:
                        raise EngineError("evaluation.no_words", name=progress.model)
                    done.append(each)
                    # Once: later the engine also remembers the prompts of earlier rounds.
                    memory = memory or subject.memory_bytes()
                    self.show(replace(progress, done=progress.done + len(done)))
                    if len(done) == conditions.rounds:
                        break
        finally:
            if done:
                found = self._measurement(source, progress, done, memory)
                prompt_rate, generation_rate = foreseen
                await self.keep(
                    replace(
                        found,
                        foreseen_prompt_tokens_per_s=prompt_rate,
                        foreseen_generation_tokens_per_s=generation_rate,
                        was_busy=was_busy,
                    )
                )

    def _begin(self, subject: Subject, load: Load) -> AsyncGenerator[Round, None]:
        first = _fresh()
        if subject.embed:
            return embedding_rounds(subject.embed, load, first)
        return rounds(subject.responder, load, self.asked_by, first)

    def _measurement(
        self, source: Source, progress: Progress, done: Sequence[Round], memory: int | None
    ) -> Measurement:
        model = source.installed
        return Measurement(
            id=secrets.token_hex(16),
            measured_at=datetime.now(UTC),
            machine_id=machine_id(self.machine),
            machine_name=self.machine_name,
            machine=machine_parts(self.machine),
            engine=source.engine,
            model=source.model,
            digest=model.digest if model else "",
            quantization=model.quantization if model else "",
            size_bytes=model.size_bytes if model else 0,
            threads=source.threads,
            context=progress.context,
            users=progress.users,
            prompt_tokens=round(sum(each.prompt_tokens for each in done) / len(done)),
            generated_tokens=round(sum(each.generated_tokens for each in done) / len(done)),
            rounds=len(done),
            prompt_tokens_per_s=spread([r.prompt_tokens_per_s for r in done if r.prompt_tokens_per_s]),
            generation_tokens_per_s=spread(
                [r.generation_tokens_per_s for r in done if r.generation_tokens_per_s]
            ),
            first_token_s=spread([r.first_token_s for r in done]),
            memory_bytes=memory,
        )


def conditions_of(source: Source, conditions: Conditions) -> list[tuple[int, int]]:
    """Contexts and users of one source: no context beyond what the model was trained on.

    Raises:
        UsageError: prompt and reply don't fit into a context.
    """
    trained = source.installed.context_train if source.installed else 0
    contexts = sorted({min(context, trained or context) for context in conditions.contexts})
    least = (conditions.prompt_tokens or _LEAST_PROMPT) + conditions.tokens + _SPARE
    for context in contexts:
        if context < least:
            raise UsageError("evaluation.context_too_small", param="context", context=context, least=least)
    return [(context, users) for context in contexts for users in sorted(set(conditions.users))]


def _fresh() -> int:
    """A number that no earlier run's prompts began with: an endpoint may remember those."""
    return secrets.randbelow(1_000_000_000) * 1000
