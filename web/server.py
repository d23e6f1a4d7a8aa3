"""The routes of the web page: the page, what can be chosen, a new piece, its progress, its files."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import BodyPartReader, web

from jobs import JobClient
from jobs.contract import BlobRef, Record
from jobs.errors import BlobGone, JobsError, QueueUnreachable
from web.limits import AddressLimit, TooManyPieces, address_of, requester_of
from web.pieces import JOB_ID, MIDI_TYPE, file_of, model_figures, request_of, submit, update_figures
from web.settings import WebSettings

PAGE = Path(__file__).parent / "page"
PAGE_FILES = {
    "index.html": "text/html",
    "page.css": "text/css",
    "page.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
MOST_FIELDS, LONGEST_FIELD = 16, 200  # of a form
CLOSED = "This page is closed at the moment. Come back later."
TOO_LARGE = "The MIDI file is too large: send one of at most {limit:,} kB."
BAD_FORM = "The form could not be read: send it from the page."
UNKNOWN = "There is no such piece, or it is no longer kept."
GONE = "The file is no longer kept."
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self' blob:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
CLIENT = web.AppKey("client", JobClient)
SETTINGS = web.AppKey("settings", WebSettings)
LIMIT = web.AppKey("limit", AddressLimit)


class UploadRefused(Exception):  # noqa: N818 -- an answer, no error of the server
    """What was asked cannot be done; `sentence` says why, and what to do."""

    def __init__(self, status: int, sentence: str, wait_s: float | None = None) -> None:
        super().__init__(sentence)
        self.status, self.sentence, self.wait_s = status, sentence, wait_s


def application(client: JobClient, settings: WebSettings) -> web.Application:
    """The page on the queue behind `client`; the caller closes that."""
    app = web.Application(middlewares=[_answer], client_max_size=settings.upload_limit_bytes + 2**16)
    app[CLIENT], app[SETTINGS], app[LIMIT] = client, settings, AddressLimit(settings.pieces_per_hour)
    app.router.add_get("/", _page)
    app.router.add_get("/page/{name}", _page)
    app.router.add_get("/health", _health)
    app.router.add_get("/api/models", _models)
    app.router.add_post("/api/pieces", _new_piece)
    app.router.add_get("/api/pieces/{id}/events", _events)
    app.router.add_get("/api/pieces/{id}/{file}", _file)
    app.router.add_delete("/api/pieces/{id}", _stop)
    return app


@web.middleware
async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refusals and errors of the queue as a sentence in JSON; the security headers on everything."""
    try:
        response = await handler(request)
    except UploadRefused as refused:
        response = _sentence(refused.status, refused.sentence)
        if refused.wait_s is not None:
            response.headers["Retry-After"] = str(max(1, round(refused.wait_s)))
    except JobsError as error:
        response = _sentence(503 if isinstance(error, QueueUnreachable) else 409, error.sentence)
    except web.HTTPException as error:
        response = _sentence(error.status, error.reason)
    if not response.prepared:
        response.headers.update(HEADERS)
    return response


def _sentence(status: int, sentence: str) -> web.Response:
    return web.json_response({"sentence": sentence}, status=status)


async def _page(request: web.Request) -> web.StreamResponse:
    name = request.match_info.get("name", "index.html")
    if name not in PAGE_FILES:
        raise UploadRefused(404, "There is no such page.")
    return web.Response(text=(PAGE / name).read_text(encoding="utf-8"), content_type=PAGE_FILES[name])


async def _health(request: web.Request) -> web.StreamResponse:
    await request.app[CLIENT].ping()
    return web.json_response({"enabled": request.app[SETTINGS].enabled})


async def _models(request: web.Request) -> web.StreamResponse:
    _require_enabled(request)
    models = await request.app[CLIENT].models()
    limit = request.app[SETTINGS].upload_limit_bytes
    return web.json_response({"models": [model_figures(model) for model in models], "upload_limit_bytes": limit})


async def _new_piece(request: web.Request) -> web.StreamResponse:
    _require_enabled(request)
    settings, client = request.app[SETTINGS], request.app[CLIENT]
    address = address_of(request.remote, _forwarded(request), settings.proxies)
    fields, upload = await _form(request, settings.upload_limit_bytes)
    try:
        request.app[LIMIT].take(address)
    except TooManyPieces as error:
        raise UploadRefused(429, error.sentence, error.wait_s) from error
    seed: BlobRef | None = None
    if upload is not None:
        seed = await client.put_blob(upload[1], upload[0], MIDI_TYPE)
    asked = request_of(fields, seed, requester_of(address))
    await submit(client, asked)
    return web.json_response({"id": asked.job_id}, status=202)


async def _form(request: web.Request, limit: int) -> tuple[dict[str, str], tuple[str, bytes] | None]:
    """The fields of the form, and name and bytes of its file.

    Raises:
        UploadRefused: it is no form, or the file is too large.
    """
    if request.content_type != "multipart/form-data":
        raise UploadRefused(400, BAD_FORM)
    fields: dict[str, str] = {}
    upload: tuple[str, bytes] | None = None
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None or len(fields) >= MOST_FIELDS:
                raise UploadRefused(400, BAD_FORM)
            data = await _bounded(part, limit if part.name == "seed" else LONGEST_FIELD, limit)
            if part.name != "seed":
                fields[part.name] = data.decode("utf-8", errors="replace")
            elif data:
                upload = Path(part.filename or "seed.mid").name[:100], data
    except (ValueError, web.HTTPRequestEntityTooLarge) as error:
        raise UploadRefused(400, BAD_FORM) from error
    return fields, upload


async def _bounded(part: BodyPartReader, most: int, limit: int) -> bytes:
    data = b""
    while chunk := await part.read_chunk():
        data += chunk
        if len(data) > most:
            raise UploadRefused(413, TOO_LARGE.format(limit=limit // 1000) if part.name == "seed" else BAD_FORM)
    return data


async def _events(request: web.Request) -> web.StreamResponse:
    """The job's states as server-sent events, up to the final one."""
    record = await _record(request)
    response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    await response.prepare(request)
    try:
        async for update in request.app[CLIENT].follow(record.job_id):
            await response.write(f"data: {json.dumps(update_figures(update))}\n\n".encode())
    except JobsError as error:
        await response.write(f"data: {json.dumps({'sentence': error.sentence, 'is_final': True})}\n\n".encode())
    except ConnectionResetError:
        log.info("the page that followed %s is closed", record.job_id)
    return response


async def _file(request: web.Request) -> web.StreamResponse:
    found = file_of(await _record(request), request.match_info["file"])
    if found is None:
        raise UploadRefused(404, UNKNOWN)
    try:
        data = await request.app[CLIENT].get_blob(found)
    except BlobGone as error:
        raise UploadRefused(410, GONE) from error
    name = "".join(sign for sign in found.name if sign.isascii() and (sign.isalnum() or sign in ".-_"))
    where = "attachment" if "download" in request.query else "inline"
    return web.Response(
        body=data,
        content_type=found.content_type,
        headers={"Content-Disposition": f'{where}; filename="{name or "piece"}"', "Accept-Ranges": "none"},
    )


async def _stop(request: web.Request) -> web.StreamResponse:
    outcome = await request.app[CLIENT].cancel((await _record(request)).job_id)
    return web.json_response({"outcome": str(outcome)})


async def _record(request: web.Request) -> Record:
    """The record of the piece that the address names; whoever knows its id may see it, and no id can be guessed."""
    job_id = request.match_info["id"]
    record = await request.app[CLIENT].record(job_id) if JOB_ID.fullmatch(job_id) else None
    if record is None:
        raise UploadRefused(404, UNKNOWN)
    return record


def _require_enabled(request: web.Request) -> None:
    if not request.app[SETTINGS].enabled:
        raise UploadRefused(503, CLOSED)


def _forwarded(request: web.Request) -> list[str]:
    said = ",".join(request.headers.getall("X-Forwarded-For", []))
    return [address.strip() for address in said.split(",") if address.strip()]
