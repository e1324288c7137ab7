"""Answer a ``/v1`` request: check the key and the parameters, apply idempotency, run one transaction, set headers."""

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from orjson import dumps
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from paywright.api import errors, expand, forms, idempotency, parameters
from paywright.api.call import Call
from paywright.api.errors import ApiError
from paywright.api.versions import VERSION_WITHOUT_HEADER, check_version
from paywright.resources.routes import ROUTES, Handler, match
from paywright.sandbox.background import Background
from paywright.sandbox.faults import Fault
from paywright.spec import tables
from paywright.state import ids
from paywright.state.store import Cause, Store, Transaction

Json = dict[str, Any]

BODY_BYTES_MAX = 1_000_000
FORM = "application/x-www-form-urlencoded"


@dataclass
class Asked:
    """One HTTP request, read but not yet acted on."""

    method: str
    path: str
    body: bytes
    query: bytes
    headers: dict[str, str]
    id: str = field(default_factory=ids.request)

    @property
    def api_version(self) -> str:
        return self.headers.get("stripe-version") or VERSION_WITHOUT_HEADER

    @cached_property
    def params(self) -> dict[str, forms.Raw]:
        """The unchecked parameters of query and body; raises ApiError when they are malformed."""
        return forms.parse(_text(self.query)) | forms.parse(_form(self))

    @property
    def idempotency_key(self) -> str | None:
        """None also when the header is empty: clients would share an empty key."""
        return self.headers.get("idempotency-key") or None if self.method == "POST" else None


@dataclass
class Answer:
    """The status, JSON bytes and headers to send. ``stored``: whether an idempotency key remembers it."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    stored: bool = True


class NoAnswer(Response):
    """Closes the client's connection instead of sending anything."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # uvicorn offers no public way to its transport; ``receive`` is a method of the object that has it.
        receive.__self__.transport.abort()  # type: ignore[attr-defined]
        # Let uvicorn notice that the client is gone: else it answers 500 in our place.
        await asyncio.sleep(0)


_REFUSALS: dict[str, Callable[[Fault, "Asked"], ApiError]] = {
    "conflict": lambda fault, asked: errors.idempotency_in_use(asked.idempotency_key or ""),
    "lock_timeout": lambda fault, asked: errors.lock_timeout(),
    "rate_limit": lambda fault, asked: errors.rate_limit(),
}


class Api:
    """All of ``/v1``."""

    def __init__(self, store: Store, background: Background) -> None:
        self.store = store
        self.background = background
        self.in_flight: set[str] = set()

    async def respond(self, request: Request) -> Response:
        """Answer one HTTP request."""
        asked = Asked(
            request.method,
            request.scope["path"],
            await _body(request),
            request.scope["query_string"],
            dict(request.headers),
        )
        fault = self._fault(asked)
        answer = await self._answer_under(fault, asked) if fault else self.answer(asked)
        self.background.wake()
        if answer is None:
            return NoAnswer()
        headers = _headers(asked.id) | answer.headers
        headers.setdefault("Stripe-Version", asked.api_version)
        return Response(answer.body, answer.status, headers, media_type="application/json")

    def _fault(self, asked: Asked) -> Fault | None:
        if not self.background.faults.active:
            return None
        found = match(asked.method, asked.path)
        return self.background.faults.for_call(f"{asked.method} {asked.path}", found[0] if found else "")

    async def _answer_under(self, fault: Fault, asked: Asked) -> Answer | None:
        """Answer while a fault strikes; None when the client gets no answer."""
        refusal = _REFUSALS.get(fault.kind)
        if refusal is not None:
            return _failure(refusal(fault, asked), asked)
        if fault.kind == "reset_before":
            return None
        if fault.kind == "slow":
            return await self._answer_slowly(asked, fault.seconds)
        if fault.kind in ("error_before", "error_after"):
            return self._fail(asked, errors.server_fault(fault.status), has_effect=fault.kind == "error_after")
        self.answer(asked)
        self.background.wake()
        if fault.kind == "timeout_after":
            await asyncio.sleep(fault.seconds)
        return None

    def _fail(self, asked: Asked, error: ApiError, *, has_effect: bool) -> Answer:
        """Answer with a 5xx. The request's key remembers it if Stripe keeps such an error, else the true result."""
        failed = _failure(error, asked)

        def execute(tx: Transaction) -> Answer:
            executed = self._in_savepoint(tx, asked) if has_effect else failed
            return failed if error.stored and executed.stored else executed

        self.answer(asked, execute)
        return failed

    async def _answer_slowly(self, asked: Asked, seconds: float) -> Answer:
        key = asked.idempotency_key
        if key in self.in_flight:
            return self.answer(asked)
        if key:
            self.in_flight.add(key)
        try:
            await asyncio.sleep(seconds)
        finally:
            self.in_flight.discard(key or "")
        return self.answer(asked)

    async def unrecognized(self, request: Request, problem: Exception) -> Response:
        """Stripe's answer to an unknown path."""
        error = errors.unrecognized_url(request.method, request.url.path)
        return Response(dumps({"error": error.body}), error.status, _headers(), media_type="application/json")

    async def defect(self, request: Request, problem: Exception) -> Response:
        """Answer in Stripe's form after a bug in Paywright; the traceback goes to standard error."""
        body = {"type": "api_error", "message": "An error occurred in Paywright; its output says more."}
        return Response(dumps({"error": body}), 500, _headers(), media_type="application/json")

    def answer(self, asked: Asked, execute: Callable[[Transaction], Answer] | None = None) -> Answer:
        """Carry the request out, or ``execute`` in its place; every ApiError becomes its body."""
        execute = execute or partial(self._in_savepoint, asked=asked)
        try:
            check_authorization(asked.headers.get("authorization", ""))
            check_version(asked.api_version)
            key = asked.idempotency_key
            if key is None:
                with self.store.transaction(Cause(asked.id, None, asked.api_version)) as tx:
                    return execute(tx)
            idempotency.check_key(key)
            return self._once(asked, key, execute)
        except ApiError as error:
            return _failure(error, asked)

    def _once(self, asked: Asked, key: str, execute: Callable[[Transaction], Answer]) -> Answer:
        fingerprint = idempotency.fingerprint(asked.method, asked.path, asked.params)
        if key in self.in_flight:
            raise errors.idempotency_in_use(key)
        with self.store.transaction(Cause(asked.id, key, asked.api_version)) as tx:
            first = idempotency.recall(tx, key, fingerprint)
            if first is not None:
                return Answer(first.status, first.body, _replay_headers(first.request, key))
            answer = execute(tx)
            if answer.stored:
                idempotency.remember(tx, key, fingerprint, idempotency.Remembered(answer.status, answer.body, asked.id))
            return answer

    def _in_savepoint(self, tx: Transaction, asked: Asked) -> Answer:
        tx.sql.execute("SAVEPOINT handler")
        try:
            result = self._handle(tx, asked)
        except ApiError as error:
            if not error.keeps:
                tx.sql.execute("ROLLBACK TO handler")
            return _failure(error, asked)
        return Answer(200, dumps(result), _post_headers(asked))

    def _handle(self, tx: Transaction, asked: Asked) -> Json:
        found = match(asked.method, asked.path)
        if found is None:
            raise errors.unrecognized_url(asked.method, asked.path)
        operation, path = found
        call = self._call(tx, asked, operation, path)
        return _shown(call, ROUTES[operation])

    def _call(self, tx: Transaction, asked: Asked, operation: str, path: dict[str, str]) -> Call:
        params = parameters.check(operation, asked.params, asked.api_version)
        tree = expand.checked(params.pop("expand", None) or [], tables()["results"][operation])
        return Call(tx, params, path, asked.path, asked.api_version, tree)


def _shown(call: Call, handler: Handler) -> Json:
    result = handler(call)
    if result.get("object") == "list":
        return {**result, "data": [expand.expanded(call.tx, item, call.expand) for item in result["data"]]}
    return expand.expanded(call.tx, result, call.expand)


def check_authorization(header: str) -> None:
    """Accept any secret or restricted test key, as Bearer token or as Basic user name."""
    scheme, _, value = header.partition(" ")
    key = value.strip()
    if scheme.lower() == "basic":
        key = _basic_user(key)
    elif scheme.lower() != "bearer":
        key = ""
    if not key:
        raise errors.no_key()
    if key.startswith(("sk_live_", "rk_live_")):
        raise errors.bad_key("Paywright is a sandbox and refuses live keys. Use a key that begins with sk_test_.")
    if not key.startswith(("sk_test_", "rk_test_")):
        raise errors.bad_key(f"Invalid API Key provided: {_masked(key)}")


def _basic_user(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0]
    except ValueError:
        return ""


def _masked(key: str) -> str:
    return key[:8] + "*" * max(0, len(key) - 12) + key[-4:] if len(key) > 12 else "*" * len(key)


async def _body(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= BODY_BYTES_MAX:
            parts.append(part)
    return b"".join(parts) if size <= BODY_BYTES_MAX else b"\xff"


def _form(asked: Asked) -> str:
    """The form in a request's body. Version 1 of the API refuses JSON, which version 2 takes."""
    kind = asked.headers.get("content-type", FORM).partition(";")[0].strip().lower()
    if asked.body and kind != FORM:
        raise errors.invalid_request(f"Invalid request (check that your POST content type is {FORM}).")
    return _text(asked.body)


def _text(parameters: bytes) -> str:
    try:
        return parameters.decode()
    except UnicodeDecodeError:
        raise errors.invalid_request(f"Parameters must be UTF-8 form data of at most {BODY_BYTES_MAX} bytes.") from None


def _headers(request: str | None = None) -> dict[str, str]:
    """The headers of every answer."""
    return {"Cache-Control": "no-cache, no-store", "Request-Id": request or ids.request()}


def _failure(error: ApiError, asked: Asked) -> Answer:
    headers = {**_post_headers(asked), **error.headers}
    if error.status == 409:
        # Stripe's SDKs retry a 409 by themselves, unless this header forbids it.
        headers.pop("Stripe-Should-Retry", None)
    return Answer(error.status, dumps({"error": error.body}), headers, error.stored)


def _post_headers(asked: Asked) -> dict[str, str]:
    if asked.method != "POST":
        return {}
    known = {"Original-Request": asked.id, "Stripe-Should-Retry": "false"}
    return {**known, "Idempotency-Key": asked.idempotency_key} if asked.idempotency_key else known


def _replay_headers(first: str, key: str) -> dict[str, str]:
    return {
        "Idempotency-Key": key,
        "Original-Request": first,
        "Idempotent-Replayed": "true",
        "Stripe-Should-Retry": "false",
    }
