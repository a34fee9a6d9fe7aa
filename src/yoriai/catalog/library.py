"""The models on this machine: weights once by digest, a manifest per name. A kill at any point leaves it consistent.

    blobs/sha256-<hex>              a file of weights
    blobs/sha256-<hex>/…-of-N.gguf  a model in several files, side by side as the engine wants them
    manifests/<name>.json           what a model is and which blobs it uses, or which linked files elsewhere
    partial/                        what isn't complete

Knows no sources and no engine; `catalog.download` brings files in, `engines` and the surfaces read. The folder may
change at any time by another process, so nothing is remembered.
"""

from __future__ import annotations

import contextlib
import logging
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from yoriai.catalog import files
from yoriai.catalog.facts import Details, check_language_model, describe
from yoriai.catalog.gguf import Header, read_header
from yoriai.catalog.manifest import Manifest, load, resolve
from yoriai.errors import ConflictError, ModelFileError, NotFoundError, UsageError
from yoriai.models import InstalledModel

log = logging.getLogger("yoriai.catalog")

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,80}")
_PART = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf", re.IGNORECASE)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LOCK_S = 60.0
_STALE_S = 3600.0  # a temporary file that nobody has written to for so long belongs to nobody

Part = tuple[Path, str]  # a file and its sha256


class Library:
    """The models in one folder. Methods read and write files: call them from a thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.partial = folder / "partial"
        self._blobs = folder / "blobs"
        self._manifests = folder / "manifests"

    def list(self) -> list[InstalledModel]:
        """All models, by name. A manifest that cannot be read is passed over, and noted."""
        models = []
        for path in sorted(self._manifests.glob("*.json")):
            try:
                models.append(resolve(load(path), self.folder))
            except FileNotFoundError:
                continue  # removed meanwhile
            except ValueError as error:
                log.warning("manifest unreadable path=%s error=%s", path, type(error).__name__)
        return models

    def by_age(self) -> tuple[str, ...]:
        """Names of all models, the one that was installed first at the front."""
        dated = []
        for path in self._manifests.glob("*.json"):
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                dated.append((path.stat().st_mtime_ns, path.name))
        names = {model.name for model in self.list()}
        return tuple(name for _, file in sorted(dated) if (name := file.removesuffix(".json")) in names)

    def get(self, name: str) -> InstalledModel:
        """Raises: NotFoundError: no such model. ModelFileError: its manifest is damaged."""
        try:
            return resolve(load(self._manifest(name)), self.folder)
        except FileNotFoundError:
            raise NotFoundError("catalog.model_unknown", name=name) from None
        except ValueError as error:
            raise ModelFileError("catalog.manifest_broken", name=name) from error

    def add(
        self,
        path: Path,
        name: str | None = None,
        link: bool = False,
        details: Details | None = None,
        check: Callable[[InstalledModel], None] = lambda _: None,
    ) -> InstalledModel:
        """Take in a GGUF file of this machine (of one in several parts, any part), by copy or by link.

        A link to weights that the library keeps itself makes the model one more user of them.

        Args:
            check: raises where the model, whose digest isn't known yet, may not come in; called before any copy.

        Raises:
            ModelFileError: a file isn't whole, or no language model.
            ConflictError: another model has this name.
            DiskFullError: no room for the copy.
            UsageError: a name that cannot be.
        """
        sources, headers = read_model(path)
        name = checked_name(name or _name_from(sources[0]))
        check(describe(name, headers, [str(source) for source in sources], "", details or Details()))
        if link:
            own = [self._own(source) for source in sources]
            parts = [(mine or path, files.sha256(path)) for path, mine in zip(sources, own, strict=True)]
            return self._register(parts, name, details or Details())
        with self._copied(sources) as copies:
            return self._keep(copies, name, details or Details(), replace=False)

    def adopt(
        self, parts: Sequence[Part], name: str, details: Details, *, replace: bool = True
    ) -> InstalledModel:
        """Take over files in `partial` whose digests are known: they are moved.

        Args:
            replace: another model of this name gives way.

        Raises:
            ModelFileError: a file isn't whole, or no language model.
            ConflictError: another model has this name, and `replace` is false.
        """
        name = checked_name(name)
        for _, digest in parts:
            self.blob_path(digest)
        return self._keep(parts, name, details, replace=replace)

    def remove(self, name: str) -> None:
        """Forget a model; its weights go with the last model that uses them. Linked files stay.

        Raises:
            NotFoundError: no such model.
        """
        with self._locked():
            try:
                self._manifest(name).unlink()
            except FileNotFoundError:
                raise NotFoundError("catalog.model_unknown", name=name) from None
            files.sync_folder(self._manifests)
            self._sweep()

    def blob_path(self, digest: str) -> Path:
        """Where weights with this sha256 are kept, or would be.

        Raises:
            UsageError: not 64 lower-case hexadecimal digits.
        """
        if not _DIGEST.fullmatch(digest):
            raise UsageError("catalog.bad_digest", digest=digest[:80])
        return self._blobs / f"sha256-{digest}"

    # ---- coming in ----------------------------------------------------------------------------------------
    @contextmanager
    def _copied(self, sources: Sequence[Path]) -> Iterator[Sequence[Part]]:
        self.partial.mkdir(parents=True, exist_ok=True)
        files.check_space(self.partial, sum(source.stat().st_size for source in sources))
        copies = [files.temporary(self.partial) for _ in sources]
        try:
            yield [(copy, files.copy(source, copy)) for source, copy in zip(sources, copies, strict=True)]
        finally:
            for copy in copies:
                copy.unlink(missing_ok=True)

    def _keep(self, parts: Sequence[Part], name: str, details: Details, *, replace: bool) -> InstalledModel:
        """Move complete files to their blobs and write the manifest. What is kept is what is checked."""
        headers = _read([path for path, _ in parts])
        check_language_model(headers[0], parts[0][0])
        with self._locked():
            if not replace:
                self._check_free(name, parts[0][1])
            self._blobs.mkdir(parents=True, exist_ok=True)
            blob = self.blob_path(files.digest_of([digest for _, digest in parts]))
            paths = (
                [blob] if len(parts) == 1 else [blob / _part_name(i, len(parts)) for i in range(len(parts))]
            )
            for (source, _), target in zip(parts, paths, strict=True):
                files.move(source, target)
            files.sync_folder(self._blobs)
            model = describe(name, headers, [str(path) for path in paths], parts[0][1], details)
            self._write(model, (blob.name,))
            self._sweep()
        return model

    def _register(self, parts: Sequence[Part], name: str, details: Details) -> InstalledModel:
        paths = [path for path, _ in parts]
        with self._locked():  # nobody deletes the weights between the look at them and the manifest
            present = self._check_free(name, parts[0][1])
            if present and self._blobs_of(present) and not is_incomplete(present):
                return present  # a link is no reason to give up what is kept here
            model = describe(name, _read(paths), [str(path) for path in paths], parts[0][1], details)
            self._write(model, tuple(sorted(self._blobs_of(model))))
        return model

    def _own(self, path: Path) -> Path | None:
        """Where this file is among the blobs, if it is one of them under whatever name."""
        actual, blobs = path.resolve(), self._blobs.resolve()
        return self._blobs / actual.relative_to(blobs) if actual.is_relative_to(blobs) else None

    def _blobs_of(self, model: InstalledModel) -> set[str]:
        """The blobs that a model's paths lead to."""
        own = [self._own(self.folder / path) for path in model.paths]
        return {path.relative_to(self._blobs).parts[0] for path in own if path}

    def _check_free(self, name: str, digest: str) -> InstalledModel | None:
        """Adding the same weights under the same name again is no conflict; the model that is there."""
        with suppress(NotFoundError, ModelFileError):
            present = self.get(name)
            if present.digest != digest:
                raise ConflictError("catalog.name_taken", name=name)
            return present
        return None

    def _write(self, model: InstalledModel, blobs: tuple[str, ...]) -> None:
        self._manifests.mkdir(parents=True, exist_ok=True)
        manifest = Manifest(model=model, blobs=blobs).relative_to(self.folder)
        files.write(self._manifest(model.name), manifest.model_dump_json(indent=1).encode())

    def _manifest(self, name: str) -> Path:
        if not _NAME.fullmatch(name):  # and so never a path
            raise NotFoundError("catalog.model_unknown", name=name)
        return self._manifests / f"{name}.json"

    # ---- order --------------------------------------------------------------------------------------------
    @contextmanager
    def _locked(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / "lock", timeout=_LOCK_S):
                yield
        except Timeout:
            raise ConflictError("catalog.busy", seconds=round(_LOCK_S)) from None

    def _sweep(self) -> None:
        """Delete blobs that no manifest uses and temporary files that a killed process left. Only under the lock."""
        for path in [*self.partial.glob(files.TEMPORARY), *self._manifests.glob(".*")]:
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > _STALE_S:
                    path.unlink()
        try:
            manifests = [load(path) for path in self._manifests.glob("*.json")]
        except (OSError, ValueError):
            return  # whose weights are whose isn't known: keep all
        used = {blob for each in manifests for blob in (*each.blobs, *self._blobs_of(each.model))}
        for blob in self._blobs.glob("sha256-*"):
            if blob.name not in used:
                _delete(blob)


def read_model(path: Path) -> tuple[list[Path], list[Header]]:
    """All files of the model that a file is (a part of), and their headers.

    Raises: ModelFileError: a file isn't whole, or no language model. UsageError: the name of a part says too little.
    """
    paths = _parts_of(path.expanduser().absolute())
    headers = _read(paths)
    check_language_model(headers[0], paths[0])
    return paths, headers


def is_incomplete(model: InstalledModel) -> bool:
    """Whether files of it are gone or cut short, so that it can't be loaded."""
    try:
        return sum(Path(path).stat().st_size for path in model.paths) < model.size_bytes
    except OSError:
        return True


def checked_name(name: str) -> str:
    """Raises: UsageError: not a name for a model."""
    if not _NAME.fullmatch(name):
        raise UsageError("catalog.bad_name", param="name", name=name[:100])
    return name


def _name_from(path: Path) -> str:
    split = _PART.fullmatch(path.name)
    stem = (
        split["stem"]
        if split
        else path.name.removesuffix(path.suffix)
        if path.suffix == ".gguf"
        else path.name
    )
    return re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("._-")[:80]


def _part_name(index: int, count: int) -> str:
    return f"model-{index + 1:05}-of-{count:05}.gguf"


def _parts_of(path: Path) -> list[Path]:
    """All files of the model that `path` is (a part of), in order."""
    header = read_header(path)
    if header.split_count == 1:
        return [path]
    split = _PART.fullmatch(path.name)
    if not split or int(split["count"]) != header.split_count:
        raise UsageError("catalog.split_name", path=str(path), count=header.split_count)
    names = [f"{split['stem']}-{n:05}-of-{split['count']}.gguf" for n in range(1, header.split_count + 1)]
    for name in names:
        if not (path.parent / name).is_file():
            raise ModelFileError(
                "catalog.part_missing", path=str(path.parent / name), count=header.split_count
            )
    return [path.parent / name for name in names]


def _read(paths: Sequence[Path]) -> list[Header]:
    """The headers of all parts, and that they belong together."""
    headers = [read_header(path) for path in paths]
    for index, header in enumerate(headers):
        if header.split_count != len(paths) or (len(paths) > 1 and header.number("split.no", -1) != index):
            raise ModelFileError(
                "catalog.part_wrong", path=str(paths[index]), number=index + 1, count=len(paths)
            )
    announced = headers[0].number("split.tensors.count", 0)
    if len(paths) > 1 and announced != sum(len(header.tensors) for header in headers):
        raise ModelFileError("catalog.part_wrong", path=str(paths[0]), number=1, count=len(paths))
    return headers


def _delete(blob: Path) -> None:
    try:
        if blob.is_dir():
            shutil.rmtree(blob)
        else:
            blob.unlink(missing_ok=True)
    except OSError as error:  # Windows: an engine still has it open; the next sweep takes it
        log.warning("weights not deleted path=%s error=%s", blob, error.strerror)
