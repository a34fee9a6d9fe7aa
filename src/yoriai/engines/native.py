"""The engine's library by its C functions: what xllamacpp's Python side doesn't offer. Runs in a child process only.

Owns names and signatures. Layouts of structures aren't known here: parameters are taken as the library makes them and
handed back unread, so that a version with other fields does no harm; what matters is checked by the library's own
getters. Source: include/llama.h, ggml/include/ggml.h and gguf.h of ggml-org/llama.cpp.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from typing import Any

_POINTER, _TEXT, _SIZE = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
_INT, _UINT, _LONG, _BOOL = ctypes.c_int32, ctypes.c_uint32, ctypes.c_int64, ctypes.c_bool
_ENOUGH_BYTES = 2048  # the largest structure of parameters has some 200


class MissingFunctionError(Exception):
    """This build of the library doesn't have a function that is needed; its name is the message."""


class Parameters(ctypes.Structure):
    """Parameters as the library made them. Larger than they are: nothing reads behind their end."""

    _fields_ = (("content", ctypes.c_uint8 * _ENOUGH_BYTES),)


class GgufParameters(ctypes.Structure):
    """`gguf_init_params`."""

    _fields_ = (("no_alloc", ctypes.c_bool), ("context", ctypes.POINTER(ctypes.c_void_p)))


# name -> (result, arguments)
_Signature = tuple[Any, tuple[Any, ...]]
QUANTIZING: Mapping[str, _Signature] = {
    "ggml_quantize_chunk": (_SIZE, (_INT, _POINTER, _POINTER, _LONG, _LONG, _LONG, _POINTER)),
    "ggml_validate_row_data": (_BOOL, (_INT, _POINTER, _SIZE)),
    "ggml_get_first_tensor": (_POINTER, (_POINTER,)),
    "ggml_get_next_tensor": (_POINTER, (_POINTER, _POINTER)),
    "ggml_get_name": (_TEXT, (_POINTER,)),
    "gguf_init_from_file": (_POINTER, (_TEXT, GgufParameters)),
    "gguf_init_empty": (_POINTER, ()),
    "gguf_set_kv": (None, (_POINTER, _POINTER)),
    "gguf_set_val_u32": (None, (_POINTER, _TEXT, _UINT)),
    "gguf_remove_key": (_LONG, (_POINTER, _TEXT)),
    "gguf_add_tensor": (None, (_POINTER, _POINTER)),
    "gguf_set_tensor_type": (None, (_POINTER, _TEXT, _INT)),
    "gguf_find_tensor": (_LONG, (_POINTER, _TEXT)),
    "gguf_get_tensor_offset": (_SIZE, (_POINTER, _LONG)),
    "gguf_get_data_offset": (_SIZE, (_POINTER,)),
    "gguf_get_alignment": (_SIZE, (_POINTER,)),
    "gguf_get_meta_size": (_SIZE, (_POINTER,)),
    "gguf_get_meta_data": (None, (_POINTER, _POINTER)),
}
SCORING: dict[str, _Signature] = {
    "llama_backend_init": (None, ()),
    "llama_model_default_params": (Parameters, ()),
    "llama_model_load_from_file": (_POINTER, (_TEXT, Parameters)),
    "llama_context_default_params": (Parameters, ()),
    "llama_init_from_model": (_POINTER, (_POINTER, Parameters)),
    "llama_set_n_threads": (None, (_POINTER, _INT, _INT)),
    "llama_n_ctx": (_UINT, (_POINTER,)),
    "llama_n_batch": (_UINT, (_POINTER,)),
    "llama_get_memory": (_POINTER, (_POINTER,)),
    "llama_memory_clear": (None, (_POINTER, _BOOL)),
    "llama_model_has_encoder": (_BOOL, (_POINTER,)),
    "llama_model_get_vocab": (_POINTER, (_POINTER,)),
    "llama_vocab_n_tokens": (_INT, (_POINTER,)),
    "llama_vocab_get_add_bos": (_BOOL, (_POINTER,)),
    "llama_vocab_bos": (_INT, (_POINTER,)),
    "llama_tokenize": (_INT, (_POINTER, _TEXT, _INT, _POINTER, _INT, _BOOL, _BOOL)),
    "llama_batch_ext_init": (_POINTER, (_POINTER,)),
    "llama_batch_ext_clear": (None, (_POINTER,)),
    "llama_batch_ext_add_token": (_INT, (_POINTER, _INT, _INT)),
    "llama_batch_ext_set_pos": (_BOOL, (_POINTER, _INT, ctypes.POINTER(_INT))),
    "llama_batch_ext_set_output_logits": (_BOOL, (_POINTER, _INT, _BOOL)),
    "llama_process": (_INT, (_POINTER, _INT, _POINTER)),
    "llama_get_logits_ith": (ctypes.POINTER(ctypes.c_float), (_POINTER, _INT)),
}
ECHOING: Mapping[str, _Signature] = SCORING | {
    "llama_token_to_piece": (_INT, (_POINTER, _INT, _POINTER, _INT, _INT, _BOOL)),
    "llama_vocab_is_eog": (_BOOL, (_POINTER, _INT)),
}
_READING: _Signature = (None, (_POINTER, _POINTER, _LONG))
_READERS = {"F16": "ggml_fp16_to_fp32_row", "BF16": "ggml_bf16_to_fp32_row"}


class Native:
    """The functions of one of the tables above, as attributes.

    Raises:
        MissingFunctionError: this build lacks one of them.
    """

    def __init__(self, functions: Mapping[str, _Signature]) -> None:
        import xllamacpp  # noqa: F401

        self._library = ctypes.CDLL(sys.modules["xllamacpp.xllamacpp"].__file__)
        for name, signature in functions.items():
            setattr(self, name, self._function(name, signature))

    def __getattr__(self, name: str) -> Any:  # for the type checker: all that is there was set above
        raise MissingFunctionError(name)

    def reader(self, type_name: str) -> Any:
        """Turns rows of a type into 32-bit numbers: (source, target, how many).

        Raises:
            MissingFunctionError: nothing reads this type.
        """
        name = _READERS.get(type_name) or f"dequantize_row_{type_name.lower().replace('_k', '_K')}"
        return self._function(name, _READING)

    def _function(self, name: str, signature: _Signature) -> Any:
        try:
            function = getattr(self._library, name)
        except AttributeError:
            raise MissingFunctionError(name) from None
        function.restype, function.argtypes = signature
        return function
