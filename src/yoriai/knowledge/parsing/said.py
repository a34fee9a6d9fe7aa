"""The form of what a child says, which may have fallen into strange hands: anything else is a crash. `parse` asks."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from yoriai.errors import DocumentError
from yoriai.knowledge.document import Block, BlockKind, Page

_PNG = b"\x89PNG\r\n\x1a\n"
_Place = Annotated[int, Field(ge=0, lt=2**31)]
_Short = Annotated[str, Field(max_length=10_000)]
Form = TypeVar("Form", bound=BaseModel)


class _Said(BaseModel):
    model_config = ConfigDict(extra="ignore")


class PageSaid(_Said):
    text: str
    label: _Short
    is_scanned: bool
    blocks: list[tuple[BlockKind, _Place, _Place, Annotated[int, Field(ge=0, le=100)]]]

    def page(self, number: int) -> Page:
        """Raises: DocumentError: a block that is not in the text."""
        if any(not start <= end <= len(self.text) for _, start, end, _ in self.blocks):
            raise DocumentError("knowledge.file_crash")
        blocks = tuple(
            Block(kind=kind, start=start, end=end, level=level) for kind, start, end, level in self.blocks
        )
        return Page(
            number=number, text=self.text, blocks=blocks, label=self.label, is_scanned=self.is_scanned
        )


class PageLine(_Said):
    page: PageSaid
    done: _Place
    total: _Place


class DocumentSaid(_Said):
    title: str
    media_type: Annotated[str, Field(max_length=200)]
    warnings: list[Annotated[str, Field(pattern=r"^knowledge\.warning_[a-z_]{1,40}$")]]


class PictureSaid(_Said):
    picture: Base64Bytes

    def png(self) -> bytes:
        """Raises: DocumentError: it is none."""
        if not self.picture.startswith(_PNG):
            raise DocumentError("knowledge.file_crash")
        return self.picture


class BoxesSaid(_Said):
    boxes: list[tuple[FiniteFloat, FiniteFloat, FiniteFloat, FiniteFloat]]


def checked(form: type[Form], said: Any) -> Form:
    """Raises: DocumentError."""
    try:
        return form.model_validate(said)
    except ValidationError:
        raise DocumentError("knowledge.file_crash") from None
