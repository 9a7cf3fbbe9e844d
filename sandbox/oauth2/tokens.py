"""OAuth2 for applications: tokens for codes, refreshed and revoked, and what a token is for."""

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from aiohttp import web

from sandbox import auth
from sandbox.auth import Kind
from sandbox.errors import unauthorized
from sandbox.forms import Json
from sandbox.models import Application, BearerToken
from sandbox.oauth2 import grants
from sandbox.oauth2.authorization import SCOPES
from sandbox.rest.call import reply
from sandbox.world import WORLD_KEY, World, render

routes = web.RouteTableDef()

Form = Mapping[str, str]


class Refused(Exception):  # noqa: N818 - an outcome of the protocol, RFC 6749 section 5.2
    """The application is answered with an OAuth2 error."""

    def __init__(self, error: str, description: str = "", status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status

    def response(self) -> web.Response:
        """Return the error as RFC 6749 shapes it."""
        described: Json = {"error_description": self.description} if self.description else {}
        return reply({"error": self.error, **described}, status=self.status)


@routes.post("/oauth2/token")
async def get_token(request: web.Request) -> web.Response:
    """Give an application tokens for a code, a refresh token, or its own credentials."""
    try:
        form = await _form(request)
        application = _client(request, form)
        exchange = _exchange(form)
        return reply(exchange(request.app[WORLD_KEY], application, form))
    except Refused as refused:
        return refused.response()


@routes.post("/oauth2/token/revoke")
async def revoke_token(request: web.Request) -> web.Response:
    """Void a token and all others of the same authorization."""
    try:
        form = await _form(request)
        application = _client(request, form)
    except Refused as refused:
        return refused.response()
    if "token" not in form:
        return Refused("invalid_request", 'Missing "token" in request.').response()
    grants.revoke(request.app[WORLD_KEY], application, form["token"])
    return reply({})


@routes.get("/oauth2/@me")
async def current_authorization(request: web.Request) -> web.Response:
    """Return what the caller's token is for."""
    caller = auth.any_caller(request)
    if caller.kind is not Kind.BEARER:
        raise unauthorized()
    world = request.app[WORLD_KEY]
    token = world.bearer_tokens[caller.token]
    application = world.applications[token.application_id]
    shown: Json = {
        "application": _application(application),
        "scopes": token.scopes,
        "expires": render.iso(token.expires_at),
    }
    if "identify" in caller.scopes:
        shown["user"] = render.user(caller.user)
    return reply(shown)


def _application(application: Application) -> Json:
    return {
        "id": str(application.id),
        "name": application.name,
        "icon": None,
        "description": application.description,
        "summary": "",
        "type": None,
        "hook": True,
        "bot_public": application.bot_public,
        "bot_require_code_grant": False,
        "verify_key": application.public_key,
        "flags": application.flags,
        "flags_new": str(application.flags),
    }


async def _form(request: web.Request) -> Form:
    if request.content_type != "application/x-www-form-urlencoded":
        raise Refused("invalid_request", "The body must be application/x-www-form-urlencoded.")
    return {name: str(value) for name, value in (await request.post()).items()}


def _client(request: web.Request, form: Form) -> Application:
    client_id, secret = _credentials(request, form)
    world = request.app[WORLD_KEY]
    found = world.applications.get(int(client_id)) if client_id.isdecimal() else None
    if found is None or not hmac.compare_digest(found.secret.encode(), secret.encode()):
        raise Refused("invalid_client", status=401)
    return found


def _credentials(request: web.Request, form: Form) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Refused("invalid_client", status=401) from None
    return unquote(client_id), unquote(secret)


def _by_code(world: World, application: Application, form: Form) -> Json:
    code = grants.take_code(world, form.get("code", ""))
    if code is None or code.application_id != application.id:
        raise Refused("invalid_grant", 'Invalid "code" in request.')
    if code.redirect_uri != form.get("redirect_uri"):
        raise Refused("invalid_grant", 'Invalid "redirect_uri" in request.')
    if not code.is_proven_by(form.get("code_verifier")):
        raise Refused("invalid_grant", 'Invalid "code_verifier" in request.')
    shown = _shown(grants.issue_token(world, application, code.user_id, code.scopes))
    guild = world.guilds.get(code.guild_id or 0)
    return shown if guild is None else shown | {"guild": render.guild(guild)}


def _by_refresh(world: World, application: Application, form: Form) -> Json:
    token = grants.refresh(world, application, form.get("refresh_token", ""))
    if token is None:
        raise Refused("invalid_grant", 'Invalid "refresh_token" in request.')
    return _shown(token)


def _by_credentials(world: World, application: Application, form: Form) -> Json:
    scopes = form.get("scope", "").split()
    if not scopes or any(scope not in SCOPES for scope in scopes):
        raise Refused("invalid_scope", "The requested scope is invalid, unknown, or malformed.")
    owner_id = application.owner_id or application.id
    shown = _shown(grants.issue_token(world, application, owner_id, scopes))
    return {name: value for name, value in shown.items() if name != "refresh_token"}


def _shown(token: BearerToken) -> Json:
    return {
        "token_type": "Bearer",
        "access_token": token.access_token,
        "expires_in": int(grants.TOKEN_LIFETIME.total_seconds()),
        "refresh_token": token.refresh_token,
        "scope": " ".join(token.scopes),
    }


def _exchange(form: Form) -> Callable[[World, Application, Form], Json]:
    exchange = _GRANTS.get(form.get("grant_type", ""))
    if exchange is None:
        raise Refused("unsupported_grant_type", "Grant type is not supported")
    return exchange


_GRANTS: Mapping[str, Callable[[World, Application, Form], Json]] = {
    "authorization_code": _by_code,
    "refresh_token": _by_refresh,
    "client_credentials": _by_credentials,
}
