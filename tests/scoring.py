"""Small models with weights by chance, and facts of one that isn't there. Not a test itself."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

from yoriai.models import InstalledModel

MODEL_FACTS = InstalledModel(
    name="m", kind="chat", paths=("m.gguf",), size_bytes=1, digest="0" * 64, architecture="llama", n_layer=1,
    n_head_kv=1, head_size_k=64, head_size_v=64, n_vocab=1, n_embd=64, context_train=256,
)  # fmt: skip
SHAPES = {"token_embd.weight": (64, 512), "output.weight": (64, 512)} | {
    f"blk.{layer}.{name}.weight": shape
    for layer in range(2)
    for name, shape in {
        "attn_q": (256, 512), "attn_k": (128, 512), "attn_v": (128, 512), "attn_output": (512, 256),
        "ffn_up": (768, 512), "ffn_down": (512, 768), "attn_norm": (512,),
    }.items()
}  # fmt: skip


def weights(name: str) -> np.ndarray:
    """The same for a name, whoever asks."""
    chance = np.random.default_rng(sum(name.encode()))
    return chance.normal(0, 0.05, SHAPES[name]).astype(np.float16 if len(SHAPES[name]) > 1 else np.float32)


def chance_model(path: Path, *, parts: int = 1, spoiled: str = "", repeat: int = 1) -> Path:
    """A whole GGUF file in F16 (or the first of several). `spoiled`: a tensor with a NaN. `repeat`: rows, so often."""
    writer = gguf.GGUFWriter(path, "llama", split_max_tensors=-(-len(SHAPES) // parts) if parts > 1 else 0)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_string("general.license", "mit")
    writer.add_context_length(256)
    writer.add_block_count(2)
    writer.add_embedding_length(512)
    writer.add_head_count(8)
    writer.add_head_count_kv(4)
    writer.add_array("general.languages", ["en", "ja"])
    writer.add_token_list([f"word{number}" for number in range(64)])
    writer.add_chat_template("{{ messages }}")
    for name in SHAPES:
        content = weights(name)
        if name == spoiled:
            content.flat[7] = np.nan
        writer.add_tensor(name, np.tile(content, (repeat, 1)) if content.ndim > 1 else content)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path if parts == 1 else path.with_name(f"{path.stem}-00001-of-{parts:05}.gguf")
