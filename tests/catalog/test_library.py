"""The library: weights once, names safe, nothing half-done left behind, several processes at once."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import gguf
import httpx2
import numpy as np
import pytest

from yoriai.catalog.facts import Details
from yoriai.catalog.library import Library, is_incomplete
from yoriai.engines.process import EngineProcess, ProcessOptions
from yoriai.errors import ConflictError, DiskFullError, ModelFileError, NotFoundError, UsageError
from yoriai.types import Sampling


def small(
    path: Path,
    value: float = 1.0,
    *,
    template: str = "{{ messages }}",
    parts: int = 1,
    rows: int = 4,
    **keys: object,
) -> Path:
    """A whole GGUF file (or the first of several) by the official library, its weights rising from `value`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, str(keys.pop("arch", "llama")), split_max_tensors=1 if parts > 1 else 0)
    writer.add_string("general.license", "mit")
    writer.add_context_length(256)
    writer.add_block_count(2)
    writer.add_embedding_length(64)
    writer.add_head_count(4)
    if template:
        writer.add_chat_template(template)
    for key, content in keys.items():
        writer.add_key_value(key.replace("__", "."), content, gguf.GGUFValueType.get_type(content))
    for number in range(max(parts, 1)):
        weights = np.linspace(value, value + 1, rows * 64, dtype=np.float32).reshape(rows, 64)
        writer.add_tensor(f"blk.{number}.weight", weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path if parts == 1 else path.with_name(f"{path.stem}-00001-of-{parts:05}.gguf")


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def blobs(library: Library) -> list[str]:
    return sorted(path.name for path in (library.folder / "blobs").glob("*"))


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "models")


def test_an_added_file_is_copied_by_digest_and_described(library: Library, tmp_path: Path) -> None:
    path = small(tmp_path / "My Model-Q8_0.gguf")
    model = library.add(path)
    assert model == library.get("my-model-q8_0") == library.list()[0]
    assert Path(model.paths[0]) == library.blob_path(digest(path))
    assert Path(model.paths[0]).read_bytes() == path.read_bytes()
    assert (model.kind, model.licence, model.context_train, model.n_layer) == ("chat", "mit", 256, 2)
    assert (model.n_head_kv, model.head_size_k, model.parameters) == (4, 16, 256)
    assert list(library.partial.iterdir()) == []


def test_the_real_model_is_described(library: Library, smollm2_path: Path) -> None:
    model = library.add(smollm2_path, "smollm2-135m", link=True)
    assert (model.kind, model.architecture, model.quantization) == ("chat", "llama", "Q4_1")
    assert (model.n_layer, model.n_head_kv, model.head_size_k, model.n_vocab) == (30, 3, 64, 49152)
    assert (model.licence, model.languages, model.parameters) == ("apache-2.0", ("en",), 134_515_008)


def test_a_link_keeps_the_file_where_it_is(library: Library, tmp_path: Path) -> None:
    path = small(tmp_path / "a.gguf")
    model = library.add(path, "linked", link=True)
    assert model.paths == (str(path),)
    assert not (library.folder / "blobs").exists()
    library.remove("linked")
    assert path.exists()
    assert library.list() == []


@pytest.mark.parametrize("way", ["blob", "symbolic link to it"])
@pytest.mark.parametrize("parts", [1, 3])
def test_a_link_to_weights_of_the_library_is_one_more_user_of_them(
    library: Library, tmp_path: Path, parts: int, way: str
) -> None:
    kept = library.add(small(tmp_path / "in" / "a.gguf", parts=parts), "kept").paths
    if way != "blob":
        shutil.rmtree(tmp_path / "in")
        for path in kept:
            (tmp_path / "in").mkdir(exist_ok=True)
            (tmp_path / "in" / Path(path).name).symlink_to(path)
    source = Path(kept[0]) if way == "blob" else tmp_path / "in" / Path(kept[0]).name
    assert library.add(source, "kept", link=True).paths == kept
    assert library.add(source, "con", link=True).paths == kept
    library.remove("con")
    assert all(Path(path).is_file() for path in kept)
    library.add(source, "con", link=True)
    library.remove("kept")
    assert all(Path(path).is_file() for path in library.get("con").paths)
    library.remove("con")
    assert blobs(library) == []


def test_weights_stay_for_a_manifest_that_only_names_their_path(library: Library, tmp_path: Path) -> None:
    """As a link into the library's own folder once wrote it."""
    kept = library.add(small(tmp_path / "a.gguf"), "kept")
    path = library.folder / "manifests" / "kept.json"
    manifest = json.loads(path.read_text("utf8"))
    path.write_text(json.dumps(manifest | {"blobs": []}), "utf8")
    library.add(small(tmp_path / "b.gguf", 5.0), "other")
    library.remove("other")
    assert Path(kept.paths[0]).is_file()


def test_a_link_to_a_copy_elsewhere_does_not_give_up_the_weights_that_are_kept(
    library: Library, tmp_path: Path
) -> None:
    path = small(tmp_path / "a.gguf")
    kept = library.add(path, "kept")
    assert library.add(path, "kept", link=True) == kept
    Path(kept.paths[0]).unlink()
    assert library.add(path, "kept", link=True).paths == (str(path),)


def test_a_model_whose_files_are_gone_or_cut_short_is_incomplete(library: Library, tmp_path: Path) -> None:
    model = library.add(small(tmp_path / "a.gguf"), "a")
    assert not is_incomplete(model)
    os.truncate(model.paths[0], model.size_bytes - 1)
    assert is_incomplete(model)
    Path(model.paths[0]).unlink()
    assert is_incomplete(model)


def test_what_the_file_says_decides_the_kind(library: Library, tmp_path: Path) -> None:
    kinds = {
        library.add(small(tmp_path / "a.gguf", 1)).kind,
        library.add(small(tmp_path / "b.gguf", 2, template="")).kind,
        library.add(small(tmp_path / "c.gguf", 3, template="", arch="bert")).kind,
        library.add(small(tmp_path / "d.gguf", 4, llama__pooling_type=3)).kind,
    }
    assert kinds == {"chat", "completion", "embedding"}
    assert library.get("d").kind == "embedding"


def test_what_the_makers_recommend_is_kept_where_it_is_in_range(library: Library, tmp_path: Path) -> None:
    good = library.add(small(tmp_path / "a.gguf", general__sampling__temp=0.5, general__sampling__top_k=20))
    assert good.sampling == Sampling(temperature=0.5, top_k=20)
    assert library.add(small(tmp_path / "b.gguf", general__sampling__temp=99.0)).sampling == Sampling()


@pytest.mark.parametrize("name", ["../x", "A", "", ".a", "a/b", "a" * 82, "a\n", "ü", "-a"])
def test_a_name_is_never_a_path(library: Library, tmp_path: Path, name: str) -> None:
    path = small(tmp_path / "a.gguf")
    with pytest.raises(NotFoundError):
        library.get(name)
    with pytest.raises(NotFoundError):
        library.remove(name)
    if name:
        with pytest.raises(UsageError):
            library.add(path, name)
    with pytest.raises(UsageError):
        library.adopt([(path, digest(path))], name, Details())


@pytest.mark.parametrize("digest", ["../../etc/passwd", "A" * 64, "a" * 63, "a" * 65, "", "a" * 64 + "\n"])
def test_a_digest_is_never_a_path(library: Library, tmp_path: Path, digest: str) -> None:
    with pytest.raises(UsageError):
        library.blob_path(digest)
    with pytest.raises(UsageError):
        library.adopt([(small(tmp_path / "a.gguf"), digest)], "a", Details())
    assert library.list() == []


def test_the_same_weights_are_kept_once_and_go_with_their_last_name(library: Library, tmp_path: Path) -> None:
    path = small(tmp_path / "a.gguf")
    library.add(path, "one")
    library.add(path, "two")
    assert len(blobs(library)) == 1
    library.remove("one")
    assert Path(library.get("two").paths[0]).exists()
    library.remove("two")
    assert blobs(library) == []


def test_a_name_belongs_to_the_first_who_took_it(library: Library, tmp_path: Path) -> None:
    first, second = small(tmp_path / "a.gguf", 1), small(tmp_path / "b.gguf", 2)
    library.add(first, "name")
    library.add(first, "name")
    for link in (False, True):
        with pytest.raises(ConflictError):
            library.add(second, "name", link)
    assert library.get("name").digest == digest(first)
    assert list(library.partial.iterdir()) == []


def test_a_broken_file_leaves_nothing_behind(library: Library, tmp_path: Path) -> None:
    path = small(tmp_path / "a.gguf")
    os.truncate(path, path.stat().st_size - 600)
    for wrong in (path, tmp_path / "missing.gguf", tmp_path):
        with pytest.raises(ModelFileError):
            library.add(wrong)
    assert library.list() == []
    assert blobs(library) == []


@pytest.mark.parametrize(
    "keys", [{"general__type": "adapter"}, {"general__type": "mmproj"}, {"arch": "clip"}]
)
def test_what_is_no_language_model_is_refused(library: Library, tmp_path: Path, keys: dict[str, str]) -> None:
    with pytest.raises(ModelFileError) as caught:
        library.add(small(tmp_path / "a.gguf", **keys))
    assert caught.value.key == "catalog.not_a_model"


def test_adopting_moves_the_file_and_replaces_the_model(library: Library, tmp_path: Path) -> None:
    details = Details(family="Tiny", licence="apache-2.0", languages=("ja",), kind="completion")
    for value in (1.0, 2.0):
        path = small(library.partial / "x.partial", value)
        expected = digest(path)
        model = library.adopt([(path, expected)], "tiny", details)
        assert not path.exists()
        assert model == library.get("tiny")
        assert (model.digest, model.family, model.languages, model.kind) == (
            expected,
            "Tiny",
            ("ja",),
            "completion",
        )
        assert blobs(library) == [f"sha256-{expected}"]


def test_a_model_in_parts_is_kept_side_by_side(library: Library, tmp_path: Path) -> None:
    first = small(tmp_path / "in" / "big.gguf", parts=3)
    model = library.add(first.with_name("big-00002-of-00003.gguf"))
    assert model.name == "big"
    assert [Path(path).name for path in model.paths] == [f"model-0000{n}-of-00003.gguf" for n in (1, 2, 3)]
    assert len({Path(path).parent for path in model.paths}) == 1
    assert (model.digest, model.parameters) == (digest(first), 3 * 256)
    assert library.add(first, "linked", link=True).paths[2].endswith("in/big-00003-of-00003.gguf")
    library.remove("big")
    assert blobs(library) == []
    assert first.exists()


def test_parts_that_are_missing_or_mixed_up_are_refused(library: Library, tmp_path: Path) -> None:
    first = small(tmp_path / "big.gguf", parts=3)
    second, third = (first.with_name(f"big-0000{n}-of-00003.gguf") for n in (2, 3))
    shutil.copy(first, tmp_path / "alone.gguf")
    with pytest.raises(UsageError):
        library.add(tmp_path / "alone.gguf")
    kept = third.read_bytes()
    shutil.copy(second, third)
    with pytest.raises(ModelFileError) as caught:
        library.add(first)
    assert caught.value.key == "catalog.part_wrong"
    third.unlink()
    with pytest.raises(ModelFileError) as caught:
        library.add(first)
    assert caught.value.key == "catalog.part_missing"
    third.write_bytes(kept)
    assert library.add(first).name == "big"
    with pytest.raises(ModelFileError):
        library.adopt([(second, digest(second))], "half", Details())


def test_a_full_disk_is_said_before_anything_is_copied(library: Library, tmp_path: Path) -> None:
    path = small(tmp_path / "a.gguf")
    os.truncate(path, shutil.disk_usage(tmp_path).total + 2**30)  # a hole: it costs nothing itself
    with pytest.raises(DiskFullError) as caught:
        library.add(path)
    assert caught.value.values["needed"].endswith(" GB")
    assert list(library.partial.iterdir()) == []


def test_a_damaged_manifest_hides_one_model_and_costs_no_weights(library: Library, tmp_path: Path) -> None:
    library.add(small(tmp_path / "a.gguf", 1), "a")
    library.add(small(tmp_path / "b.gguf", 2), "b")
    (library.folder / "manifests" / "a.json").write_text("{")
    assert [model.name for model in library.list()] == ["b"]
    with pytest.raises(ModelFileError):
        library.get("a")
    library.remove("b")
    assert len(blobs(library)) == 2
    library.remove("a")
    assert blobs(library) == []


def test_the_data_folder_can_be_moved(library: Library, tmp_path: Path) -> None:
    library.add(small(tmp_path / "a.gguf"), "a")
    library.folder.rename(tmp_path / "elsewhere")
    assert Path(Library(tmp_path / "elsewhere").get("a").paths[0]).exists()


def test_leftovers_of_a_killed_process_go_and_work_in_progress_stays(
    library: Library, tmp_path: Path
) -> None:
    library.partial.mkdir(parents=True)
    old, new, download = (library.partial / name for name in ("add-1.tmp", "add-2.tmp", "other.partial"))
    for path in (old, new, download):
        path.write_bytes(b"x")
    for path in (old, download):
        os.utime(path, (time.time() - 7200,) * 2)
    library.add(small(tmp_path / "a.gguf"))
    assert sorted(path.name for path in library.partial.iterdir()) == ["add-2.tmp", "other.partial"]


_ADD = """
import sys
from pathlib import Path
from yoriai.catalog.library import Library
library = Library(Path(sys.argv[1]))
print("ready", flush=True)
for round in range(1000):
    for n, path in enumerate(sys.argv[2:]):
        library.add(Path(path), f"m{n}")
    for n, path in enumerate(sys.argv[2:]):
        library.remove(f"m{n}")
"""


def test_a_kill_at_any_moment_leaves_a_library_that_works(library: Library, tmp_path: Path) -> None:
    paths = [str(small(tmp_path / f"{n}.gguf", n)) for n in range(3)]
    rng = random.Random(1)
    for _ in range(12):
        child = subprocess.Popen(
            [sys.executable, "-c", _ADD, str(library.folder), *paths], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        time.sleep(rng.random() * 0.3)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        for model in library.list():
            assert digest(Path(model.paths[0])) == model.digest
    library.add(Path(paths[0]), "again")
    assert digest(Path(library.get("again").paths[0])) == digest(Path(paths[0]))
    for model in library.list():
        library.remove(model.name)
    assert blobs(library) == []


def test_several_processes_add_and_remove_at_once(library: Library, tmp_path: Path) -> None:
    path = small(tmp_path / "a.gguf")
    script = (
        "import sys\nfrom pathlib import Path\nfrom yoriai.catalog.library import Library\n"
        "library = Library(Path(sys.argv[1]))\n"
        "for _ in range(25):\n"
        "    model = library.add(Path(sys.argv[2]), sys.argv[3])\n"
        "    assert Path(model.paths[0]).stat().st_size\n"
        "    library.remove(sys.argv[3])\n"
    )
    command = [sys.executable, "-c", script, str(library.folder), str(path)]
    children = [subprocess.Popen([*command, name]) for name in ("one", "two", "three")]
    assert [child.wait(60) for child in children] == [0, 0, 0]
    assert library.list() == []
    assert blobs(library) == []


def _split(source: Path, target: Path) -> Path:
    """The same model in several files, by the official library."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(target, "llama", split_max_tensors=150)
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name != "general.architecture":
            sub_type = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
            writer.add_key_value(field.name, field.contents(), field.types[0], sub_type=sub_type)
    for tensor in reader.tensors:
        writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target.with_name(f"{target.stem}-00001-of-00002.gguf")


async def test_the_engine_runs_a_model_in_parts(library: Library, smollm2_path: Path, tmp_path: Path) -> None:
    model = library.add(_split(smollm2_path, tmp_path / "parts.gguf"), "parts")
    options = ProcessOptions(
        context_size=256,
        parallel=1,
        threads=1,
        gpu_layers=0,
        llama_server=None,
        start_timeout_s=120,
        environment={},
    )
    process = EngineProcess(model, options)
    await process.start()
    try:
        headers = {"authorization": f"Bearer {process.key}"}
        async with httpx2.AsyncClient(
            base_url=process.url, headers=headers, timeout=120, trust_env=False
        ) as client:
            body = {"prompt": "The capital of France is", "max_tokens": 4, "temperature": 0}
            answer = (await client.post("/v1/completions", json=body)).json()
        assert "Paris" in answer["choices"][0]["text"]
    finally:
        await process.stop()


def test_models_are_told_apart_by_age(tmp_path: Path) -> None:
    library = Library(tmp_path / "models")
    for name in ("zebra", "apple"):
        library.add(small(tmp_path / f"{name}.gguf", rows=8 if name == "zebra" else 16), name=name)
        time.sleep(0.02)
    assert library.by_age() == ("zebra", "apple")
    assert [model.name for model in library.list()] == ["apple", "zebra"]


def test_the_models_that_a_file_was_made_from_are_kept(library: Library, tmp_path: Path) -> None:
    names = {"general.base_model.0.name": "Llama 3.1 8B", "general.base_model.1.name": "x" * 999}
    library.add(small(tmp_path / "tune.gguf", **{"general.base_model.count": 1_000_000_000}, **names))
    assert library.get("tune").base_models == ("Llama 3.1 8B", "x" * 200)
