"""What a council is made of, as a form. Used by `councils_page`.

Owns the fields only: `value` is what they say, `show` fills them. The service decides what is allowed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from nicegui import ui

from yoriai.records import Council, Group
from yoriai.responders.councils import (
    LONGEST_NAME,
    MOST_MEMBERS,
    MOST_ROUNDS,
    MOST_SECONDS,
    MOST_SECONDS_IN_ALL,
    MOST_TOKENS,
    MOST_TOKENS_IN_ALL,
    Draft,
)
from yoriai.web import sharing_words
from yoriai.web.visitor import Visitor

_MODES = ("synthesise", "vote", "debate")
_EMPTY = Draft(name="", members=())


class CouncilForm:
    """`on_save` is called when the visitor is done, `on_cancel` when they let it be."""

    def __init__(
        self, visitor: Visitor, names: Sequence[str], on_save: Callable[[], Awaitable[None]],
        on_cancel: Callable[[], Awaitable[None]], groups: Sequence[Group] = (),
    ) -> None:  # fmt: skip
        self._visitor, self._names, self._groups = visitor, list(names), groups
        with ui.element("div").classes("y-fields y-council-form"):
            self._name = ui.input(self._text("name")).props(f"outlined dense maxlength={LONGEST_NAME}")
            self._members = self._select("members", self._names, multiple=True)
            self._members.props(f"use-chips max-values={MOST_MEMBERS}")
            self._chair = self._select("chair", self._names, clearable=True)
            self._mode = self._select("mode", {mode: self._text(f"mode_{mode}") for mode in _MODES})
            self._mode.on_value_change(self._mode_changed)
            self._rounds = self._number("rounds", 1, MOST_ROUNDS)
            self._tokens = self._number("member_tokens", 16, MOST_TOKENS)
            self._seconds = self._number("member_seconds", 1, MOST_SECONDS)
            self._max_tokens = self._number("max_tokens", 64, MOST_TOKENS_IN_ALL)
            self._max_seconds = self._number("max_seconds", 1, MOST_SECONDS_IN_ALL)
            self._sharing = self._select("sharing", self._sharings())
            self._chosen = self._select("groups", {}, multiple=True)
            self._chosen.props("use-chips").bind_visibility_from(self._sharing, "value", value="groups")
        self._reviews = ui.checkbox(self._text("reviews"))
        with ui.row():
            ui.button(self._text("save"), on_click=on_save).props("unelevated no-caps")
            ui.button(visitor.text("cancel"), on_click=on_cancel).props("flat no-caps")
        self.show(None)

    def value(self) -> dict[str, Any]:
        """The fields of a `Draft`. What is left empty is as it was for a new one."""
        return {
            "name": self._name.value or "",
            "members": tuple(self._members.value or ()),
            "chair": self._chair.value or "",
            "mode": self._mode.value,
            "reviews": bool(self._reviews.value),
            "rounds": int(self._rounds.value or _EMPTY.rounds),
            "member_tokens": int(self._tokens.value or _EMPTY.member_tokens),
            "member_seconds": float(self._seconds.value or _EMPTY.member_seconds),
            "max_tokens": int(self._max_tokens.value or _EMPTY.max_tokens),
            "max_seconds": float(self._max_seconds.value or _EMPTY.max_seconds),
            "sharing": self._sharing.value,
            "group_ids": tuple(self._chosen.value or ()) if self._sharing.value == "groups" else (),
        }

    def show(self, council: Council | None) -> None:
        """None: a new one."""
        shown = council or _EMPTY
        for name in (*shown.members, shown.chair):  # whoever is gone meanwhile stays until somebody decides
            if name and name not in self._names:
                self._names.append(name)
        self._members.set_options(self._names, value=list(shown.members))
        self._chair.set_options(self._names, value=shown.chair or None)
        self._name.value, self._mode.value, self._reviews.value = shown.name, shown.mode, shown.reviews
        self._rounds.value = shown.rounds
        self._show_sharing(council)
        self._tokens.value, self._seconds.value = shown.member_tokens, shown.member_seconds
        self._max_tokens.value, self._max_seconds.value = shown.max_tokens, shown.max_seconds
        self._mode_changed()

    def _show_sharing(self, council: Council | None) -> None:
        """Groups that it is shared with already are there too, where the visitor has left them."""
        offered = {each["id"]: each["name"] for each in sharing_words.offered(self._groups, council)}
        chosen = [each.id for each in council.groups] if council else []
        self._chosen.set_options(offered, value=chosen)
        self._sharing.set_options(
            self._sharings(with_groups=bool(offered)), value=(council or _EMPTY).sharing
        )

    def _sharings(self, *, with_groups: bool = True) -> dict[str, str]:
        names = ("owner", "groups", "everyone") if with_groups else ("owner", "everyone")
        return {name: self._visitor.text(f"collections_sharing_{name}") for name in names}

    def _mode_changed(self) -> None:
        self._rounds.set_visibility(self._mode.value == "debate")
        self._reviews.set_visibility(self._mode.value == "synthesise")

    def _select(self, name: str, options: Any, **further: Any) -> ui.select:
        field = ui.select(options, label=self._text(name), **further)
        return field.props(f'outlined dense options-dense hint="{self._text(f"{name}_help")}"')

    def _number(self, name: str, least: int, most: int) -> ui.number:
        field = ui.number(self._text(name), min=least, max=most)
        return field.props(f'outlined dense hint="{self._text(f"{name}_help")}"')

    def _text(self, name: str) -> str:
        return self._visitor.text(f"councils_{name}")


def changes(before: Council, wanted: dict[str, Any]) -> dict[str, Any]:
    """What of the form is other than it was; of sharing all or nothing."""
    known = {"group_ids": tuple(each.id for each in before.groups)}
    found = {
        name: value for name, value in wanted.items() if value != known.get(name, getattr(before, name, None))
    }
    shared = {"sharing", "group_ids"}
    return found | {name: wanted[name] for name in shared} if shared & set(found) else found
