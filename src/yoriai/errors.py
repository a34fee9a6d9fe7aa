"""Every error Yoriai raises on purpose. A leaf is a cause; a branch is what a caller catches.

YoriaiError
├── UsageError               the request itself is wrong: change it
│   ├── ContextOverflowError     more tokens than the model's context holds
│   └── UnsupportedError         this responder cannot do what was asked
├── NotFoundError            no such model, conversation, user … (also: not yours)
├── AccessError              who asks may not
│   ├── AuthenticationError      not signed in, or a wrong or revoked credential
│   └── ForbiddenError           signed in, but not allowed
├── ConflictError            the thing changed or exists already
├── RateLimitError           too many attempts: wait
├── ResourceError            this machine cannot: does not fit, disk full
│   ├── DoesNotFitError
│   └── DiskFullError
├── ModelFileError           a weights file is truncated, corrupt or hostile
├── DocumentError            a document can't be read: too large, encrypted, broken, hostile, of no known kind
├── DownloadError            a source could not give the file
├── EgressError              an outgoing connection that nobody allowed
├── EngineError              the engine failed; the request may be sent again
│   ├── EngineStartError         the engine did not become ready
│   ├── EngineLostError          the engine died or fell silent before the reply was complete
│   └── EngineBusyError          no room now: everything loaded is in use
└── PrerequisiteError        something must be installed or set first

Domain code knows neither HTTP nor exit codes: `api.errors` maps class to status, `cli.main` maps class to
exit code, and a test keeps both tables complete.
"""

from __future__ import annotations


class YoriaiError(Exception):
    """Root of the tree. What a person reads is rendered from the catalogue in their language.

    Args:
        key: text in the message catalogue, "room.name"; it says what happened, with the value and the limit,
            and what to do next.
        param: name of the request field at fault, if one is.
        values: the numbers and names that the text wants. They are shown to users: never a secret.
    """

    code = "error"

    def __init__(self, key: str, /, *, param: str | None = None, **values: object) -> None:
        details = ", ".join(f"{name}={value!r}" for name, value in values.items())
        super().__init__(f"{key}({details})")
        self.key = key
        self.param = param
        self.values = values

    def plain_values(self) -> dict[str, object]:
        """`values` as they can be kept: numbers stay, everything else is text."""
        return {
            name: value if isinstance(value, int | float) else str(value)
            for name, value in self.values.items()
        }


class UsageError(YoriaiError):
    code = "invalid_request"


class ContextOverflowError(UsageError):
    code = "context_length_exceeded"


class UnsupportedError(UsageError):
    code = "unsupported"


class NotFoundError(YoriaiError):
    code = "not_found"


class AccessError(YoriaiError):
    code = "access"


class AuthenticationError(AccessError):
    code = "invalid_credential"


class ForbiddenError(AccessError):
    code = "forbidden"


class ConflictError(YoriaiError):
    code = "conflict"


class RateLimitError(YoriaiError):
    code = "rate_limit_exceeded"


class ResourceError(YoriaiError):
    code = "resource"


class DoesNotFitError(ResourceError):
    code = "does_not_fit"


class DiskFullError(ResourceError):
    code = "disk_full"


class ModelFileError(YoriaiError):
    code = "model_file_invalid"


class DocumentError(YoriaiError):
    code = "document_invalid"


class DownloadError(YoriaiError):
    code = "download_failed"


class EgressError(YoriaiError):
    code = "egress_refused"


class EngineError(YoriaiError):
    code = "engine_error"


class EngineStartError(EngineError):
    code = "engine_start_failed"


class EngineLostError(EngineError):
    code = "engine_lost"


class EngineBusyError(EngineError):
    code = "engine_busy"


class PrerequisiteError(YoriaiError):
    code = "prerequisite"
