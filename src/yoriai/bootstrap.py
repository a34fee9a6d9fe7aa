"""build(settings) -> services: the only constructor of everything that runs. Owns order of start and of end.

Called by `cli` (serve, ask, chat and the commands on models and accounts) and by tests.
"""

from __future__ import annotations

import errno
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from anyio import to_thread

from yoriai.access import LOCAL_OPERATOR_ID
from yoriai.accounts.accounts import Accounts
from yoriai.accounts.groups import Groups
from yoriai.arena.arena import Arena
from yoriai.arena.battles import Battles
from yoriai.arena.facts import Facts
from yoriai.catalog import catalogue, licences
from yoriai.catalog.catalogue import Entry
from yoriai.catalog.library import Library
from yoriai.catalog.policy import Policy
from yoriai.catalog.pulls import Pulls
from yoriai.chat.chat import Chat
from yoriai.chat.comparisons import Comparisons
from yoriai.egress import Egress
from yoriai.engines.echo import Echoes
from yoriai.engines.router import Router
from yoriai.errors import PrerequisiteError
from yoriai.evaluation.calibration import Calibration
from yoriai.evaluation.dataset import PURPOSE as EXAMS
from yoriai.evaluation.dataset import Datasets
from yoriai.evaluation.exam_list import hosts as exam_hosts
from yoriai.evaluation.exams import Exams
from yoriai.evaluation.grading import grader
from yoriai.evaluation.outlook import Outlooks
from yoriai.evaluation.questions import Questions
from yoriai.evaluation.results import Results
from yoriai.jobs.jobs import Jobs
from yoriai.knowledge.knowledge import Knowledge
from yoriai.knowledge.web_pages import PURPOSE
from yoriai.responders.assistant import AssistantResponder
from yoriai.responders.assistants import Assistants
from yoriai.responders.council_shelf import CouncilShelf
from yoriai.responders.councils import Councils
from yoriai.responders.grounding import Rewrites
from yoriai.responders.reasoner import ReasonerResponder
from yoriai.responders.registry import Registry
from yoriai.sandbox.kernels import Kernels
from yoriai.sandbox.sandbox import Sandbox
from yoriai.settings import Settings
from yoriai.store.database import Database
from yoriai.telemetry import Metrics
from yoriai.tools.built_in import built_in
from yoriai.tools.files import ToolFiles
from yoriai.tools.mcp_servers import McpServers
from yoriai.tools.toolbox import Toolbox
from yoriai.types import Role, User

# Whoever runs Yoriai from this machine's terminal, with the rights of the account that owns the data folder.
LOCAL_OPERATOR = User(id=LOCAL_OPERATOR_ID, name="local", role=Role.ADMINISTRATOR)
_HUB_STORES = frozenset({"huggingface.co", "*.huggingface.co", "*.hf.co"})  # where the hub redirects to


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """What the surfaces (api, web, cli) work with."""

    settings: Settings
    egress: Egress
    catalogue: Mapping[str, Entry]
    policy: Policy
    library: Library
    pulls: Pulls
    outlooks: Outlooks
    results: Results
    database: Database
    accounts: Accounts
    groups: Groups
    router: Router
    echoes: Echoes
    assistants: Assistants
    councils: Councils
    registry: Registry
    toolbox: Toolbox
    mcp: McpServers
    jobs: Jobs
    knowledge: Knowledge
    chat: Chat
    arena: Arena
    exams: Exams
    facts: Facts
    sandbox: Sandbox
    comparisons: Comparisons
    battles: Battles
    metrics: Metrics


@asynccontextmanager
async def build(settings: Settings) -> AsyncIterator[Services]:
    """Construct everything; at the end replies and pulls are stopped, engines and connections closed, in this order."""
    make_home(settings.home)
    entries = catalogue.load(settings.home / "catalogue.yaml")
    egress = Egress(allowed_hosts(settings, entries))
    library = Library(settings.home / "models")
    async with AsyncExitStack() as ending:
        database = Database(f"sqlite:///{settings.home / 'yoriai.db'}")
        ending.callback(database.close)
        await to_thread.run_sync(database.migrate)
        router = Router(settings.engine, settings.remotes, library, egress)
        ending.push_async_callback(router.aclose)
        echoes = Echoes(settings.engine, router, library)
        ending.push_async_callback(echoes.aclose)
        policy = Policy(licences.load(), settings.catalog.allowed_verdicts)
        pulls = Pulls(entries, library, egress, settings.download, policy)
        ending.push_async_callback(pulls.aclose)
        jobs = Jobs(database, settings.home / "run" / "jobs-lock")
        ending.push_async_callback(jobs.aclose)
        knowledge = Knowledge(
            database=database, jobs=jobs, router=router, library=library, egress=egress, settings=settings.knowledge,
            folder=settings.home / "documents",
        )  # fmt: skip
        ending.push_async_callback(knowledge.aclose)
        results, sandbox = Results(database=database), Sandbox(settings.sandbox, settings.home)
        ending.push_async_callback(sandbox.close)
        kernels = Kernels(sandbox)
        ending.push_async_callback(kernels.close)
        tool_files, mcp = ToolFiles(database, settings.tools.max_upload_bytes), McpServers(database, egress)
        ending.push_async_callback(mcp.aclose)
        there = built_in(knowledge, kernels, tool_files)
        toolbox = Toolbox(database, tool_files, settings.tools, there, mcp.tools)
        assistants = Assistants(database, router, library, toolbox)
        shelf, rewrites, metrics = CouncilShelf(database), Rewrites(), Metrics()
        registry = Registry(
            router, library, assistants, shelf, toolbox=toolbox, default=settings.model, judge=settings.reasoner.judge,
            answers=lambda assistant, inner, judge: AssistantResponder(assistant, inner, knowledge, rewrites, judge),
            reasons=lambda plan, inner, judge: ReasonerResponder(
                plan, inner, judge or inner, settings.reasoner, sandbox, at_once=settings.engine.parallel
            ), sandbox=sandbox,
        )  # fmt: skip
        chat = Chat(database, registry, metrics)
        ending.push_async_callback(chat.aclose)
        comparisons = Comparisons(database, registry, chat)
        facts = Facts(entries, library, policy, results)
        arena = Arena(database, registry, facts)
        exams = Exams(
            database=database, jobs=jobs, registry=registry, questions=Questions(database), grade=grader(sandbox),
            datasets=Datasets(settings.evaluation, settings.home / "exams", egress), judge=settings.evaluation.judge,
            calibration=Calibration(database, registry, settings.home / "exams" / "judges.json"),
        )  # fmt: skip
        yield Services(
            settings=settings, egress=egress, catalogue=entries, policy=policy, library=library, pulls=pulls,
            outlooks=Outlooks(settings, entries, library, router, results), results=results, database=database,
            accounts=Accounts(database, settings.accounts), groups=Groups(database), router=router, echoes=echoes,
            assistants=assistants, councils=Councils(database, shelf, registry), registry=registry,
            toolbox=toolbox, mcp=mcp, jobs=jobs, knowledge=knowledge, chat=chat, arena=arena, exams=exams, facts=facts,
            sandbox=sandbox, comparisons=comparisons, battles=Battles(database, registry, comparisons, arena),
            metrics=metrics,
        )  # fmt: skip


def allowed_hosts(settings: Settings, entries: Mapping[str, Entry]) -> dict[str, frozenset[str]]:
    """Who may be spoken to, and what for: the settings and the catalogue decide, nobody else."""
    urls = {source.url for entry in entries.values() for source in entry.sources if source.kind == "url"}
    return {
        "hub": _HUB_STORES | {_host(settings.download.hub_url)},
        "url": frozenset(_host(url) for url in urls),
        PURPOSE: frozenset(settings.knowledge.web_hosts),
        EXAMS: frozenset(exam_hosts() if settings.evaluation.download else ()),
        "mcp": frozenset(settings.tools.mcp_hosts),
        "remote": frozenset(_host(remote.url) for remote in settings.remotes),
    }


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def make_home(home: Path) -> None:
    """The data folder holds conversations and keys: for the account that runs Yoriai only.

    Raises:
        PrerequisiteError: it can't be made, or not be written to.
    """
    try:
        if not home.exists():
            home.mkdir(parents=True, mode=0o700)
        if not home.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        detail = error.strerror or type(error).__name__
        raise PrerequisiteError("settings.home_unusable", path=str(home), detail=detail) from error
    if os.name == "posix":
        os.umask(0o077)
