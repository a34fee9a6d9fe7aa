"""Conversations and replies with a real model in a small context."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from databases import lay_down
from yoriai import bootstrap
from yoriai.bootstrap import Services
from yoriai.chat.chat import ROOT
from yoriai.conversations import ConversationMessage
from yoriai.errors import ConflictError, ForbiddenError, NotFoundError, UsageError
from yoriai.settings import EngineSettings, Settings
from yoriai.types import Context, Role, Sampling, User

SHORT = Sampling(temperature=0, max_tokens=8)
# The likeliest word, and what was said before is likelier still: it never comes to an end by itself.
ENDLESS = Sampling(temperature=0, repeat_penalty=0.5, max_tokens=1500)


@asynccontextmanager
async def house(home: Path, model: Path, **engine: int) -> AsyncIterator[tuple[Services, Context]]:
    """All services with SmolLM2, and one user."""
    lay_down(home)
    settings = Settings(home=home, engine=EngineSettings(threads=1, parallel=2, **engine))
    async with bootstrap.build(settings) as services:
        services.library.add(model, name="smollm2-135m", link=True)
        user = await services.accounts.create_user("anna", "correct horse battery", Role.MEMBER)
        yield services, Context(user=user)


async def ended(services: Services, user: User, reply_id: str) -> ConversationMessage:
    async for update in services.chat.follow(user, reply_id):
        last = update
    assert last.kind == "end"
    assert last.message
    return last.message


async def test_what_does_not_fit_is_left_out_counted_and_told(smollm2_path: Path, tmp_path: Path) -> None:
    async with house(tmp_path, smollm2_path, context_size=256) as (services, context):
        chat = services.chat
        conversation = await chat.create(context.user, sampling=SHORT)
        left_out = []
        for number in range(6):
            question = f"Question {number}: " + "the quick brown fox jumps over the lazy dog. " * 4
            _, reply = await chat.ask(context, conversation.id, question)
            message = await ended(services, context.user, reply.id)
            assert message.status == "done", message
            assert message.usage
            assert message.usage.prompt_tokens + message.usage.completion_tokens <= 256
            left_out.append(message.left_out)
        assert left_out[0] == 0
        assert left_out[-1] >= 4
        assert all(count % 2 == 0 for count in left_out)  # whole exchanges


async def test_a_question_that_fits_no_context_is_refused_with_the_numbers(
    smollm2_path: Path, tmp_path: Path
) -> None:
    async with house(tmp_path, smollm2_path, context_size=256) as (services, context):
        conversation = await services.chat.create(context.user)
        _, reply = await services.chat.ask(context, conversation.id, "word " * 1000)
        message = await ended(services, context.user, reply.id)
        assert message.status == "failed"
        assert message.error_key == "engines.context_overflow"
        assert message.error_values["size"] == 256
        assert message.error_values["tokens"] > 1000


async def test_a_larger_context_is_not_cut_when_the_model_was_changed(
    smollm2_path: Path, tmp_path: Path
) -> None:
    async with house(tmp_path, smollm2_path, context_size=1024) as (services, context):
        conversation = await services.chat.create(context.user, sampling=SHORT)
        for text in ("first", "second"):
            _, reply = await services.chat.ask(context, conversation.id, text)
            message = await ended(services, context.user, reply.id)
        assert message.left_out == 0


async def test_the_end_of_the_server_interrupts_and_keeps_what_was_said(
    smollm2_path: Path, tmp_path: Path
) -> None:
    async with house(tmp_path, smollm2_path, context_size=2048) as (services, context):
        conversation = await services.chat.create(context.user, sampling=ENDLESS)
        _, reply = await services.chat.ask(context, conversation.id, "Count to one thousand.")
        async for update in services.chat.follow(context.user, reply.id):
            if update.kind == "delta" and update.offset > 20:
                break
    async with bootstrap.build(Settings(home=tmp_path)) as services:
        _, messages = await services.chat.get(context.user, conversation.id)
        assert messages[1].status == "interrupted"
        assert len(messages[1].content) > 20


async def test_several_followers_see_the_same(smollm2_path: Path, tmp_path: Path) -> None:
    async with house(tmp_path, smollm2_path, context_size=1024) as (services, context):
        conversation = await services.chat.create(context.user, sampling=Sampling(max_tokens=60))
        _, reply = await services.chat.ask(context, conversation.id, "Tell me about cats.")

        async def gathered(delay_s: float) -> str:
            await asyncio.sleep(delay_s)
            text = ""
            async for update in services.chat.follow(context.user, reply.id):
                if update.kind == "snapshot" and update.message:
                    text = update.message.content
                elif update.kind == "delta":
                    assert update.offset == len(text)
                    text += update.text
            return text

        texts = await asyncio.gather(*(gathered(delay / 10) for delay in range(6)))
        assert len(set(texts)) == 1
        assert texts[0]


async def test_refusals(smollm2_path: Path, tmp_path: Path) -> None:
    async with house(tmp_path, smollm2_path, context_size=1024) as (services, context):
        chat, user = services.chat, context.user
        conversation = await chat.create(user, sampling=ENDLESS)
        with pytest.raises(UsageError):
            await chat.ask(context, conversation.id, " \n")
        question, reply = await chat.ask(context, conversation.id, "Tell a long story.")
        with pytest.raises(ConflictError):
            await chat.ask(context, conversation.id, "And then?")
        with pytest.raises(UsageError):
            await chat.ask(context, conversation.id, "x", parent_id=question.id)
        with pytest.raises(UsageError):
            await chat.regenerate(context, question.id)
        with pytest.raises(NotFoundError):
            await chat.ask(context, conversation.id, "x", parent_id="nowhere")
        with pytest.raises(NotFoundError):
            await chat.update(user, conversation.id, model="no-such-model")
        await chat.stop(user, reply.id)
        assert (await ended(services, user, reply.id)).status == "stopped"
        with pytest.raises(ForbiddenError):
            await chat.create(bootstrap.LOCAL_OPERATOR)


async def test_two_questions_at_once_are_not_both_taken(smollm2_path: Path, tmp_path: Path) -> None:
    async with house(tmp_path, smollm2_path, context_size=1024) as (services, context):
        chat, user = services.chat, context.user
        conversation = await chat.create(user, sampling=ENDLESS)
        asked = await asyncio.gather(
            *(chat.ask(context, conversation.id, f"Story {number}?") for number in range(3)),
            return_exceptions=True,
        )
        assert [type(each) for each in asked].count(ConflictError) == 2
        _, messages = await chat.get(user, conversation.id)
        assert len(messages) == 2
        await chat.stop(user, messages[1].id)


async def test_a_search_of_endless_words_is_cut(smollm2_path: Path, tmp_path: Path) -> None:
    async with house(tmp_path, smollm2_path) as (services, context):
        await services.chat.create(context.user, title="a")
        assert len(await services.chat.conversations(context.user, "a " * 100_000)) == 1


async def test_another_user_reaches_nothing(smollm2_path: Path, tmp_path: Path) -> None:
    async with house(tmp_path, smollm2_path, context_size=1024) as (services, context):
        chat = services.chat
        ben = await services.accounts.create_user("ben", "correct horse battery", Role.ADMINISTRATOR)
        bens = Context(user=ben)
        conversation = await chat.create(context.user, sampling=SHORT)
        _, reply = await chat.ask(context, conversation.id, "hello")
        attempts = (
            chat.get(ben, conversation.id),
            chat.update(ben, conversation.id, title="mine"),
            chat.delete(ben, conversation.id),
            chat.ask(bens, conversation.id, "hello"),
            chat.regenerate(bens, reply.id),
            chat.stop(ben, reply.id),
            anext(chat.follow(ben, reply.id)),
        )
        for attempt in attempts:
            with pytest.raises(NotFoundError):
                await attempt
        assert await chat.conversations(ben) == []
        await ended(services, context.user, reply.id)


async def test_deleting_a_conversation_stops_its_reply(smollm2_path: Path, tmp_path: Path) -> None:
    async with house(tmp_path, smollm2_path, context_size=2048) as (services, context):
        conversation = await services.chat.create(context.user, sampling=ENDLESS)
        _, reply = await services.chat.ask(context, conversation.id, "Count to one thousand.")
        await asyncio.sleep(0.5)
        await services.chat.delete(context.user, conversation.id)
        with pytest.raises(NotFoundError):
            await ended(services, context.user, reply.id)


async def test_the_first_question_names_the_conversation(smollm2_path: Path, tmp_path: Path) -> None:
    async with house(tmp_path, smollm2_path, context_size=1024) as (services, context):
        conversation = await services.chat.create(context.user, sampling=SHORT)
        _, reply = await services.chat.ask(context, conversation.id, "  会議の\n議事録を " + "長" * 100)
        await ended(services, context.user, reply.id)
        _, again = await services.chat.ask(context, conversation.id, "other", parent_id=ROOT)
        await ended(services, context.user, again.id)
        found, messages = await services.chat.get(context.user, conversation.id)
        assert found.title.startswith("会議の 議事録を 長")
        assert len(found.title) == 60
        assert [message.parent_id for message in messages if message.role == "user"] == [None, None]
