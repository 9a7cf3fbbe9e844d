"""The page where somebody picks who they are in the sandbox, and agrees or doesn't."""

from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlsplit
from zlib import crc32

from aiohttp import web

from sandbox.models import Guild, User
from sandbox.oauth2.authorization import SCOPES, Authorization, WrongRequest, read
from sandbox.oauth2.consent import agree, decline, manageable
from sandbox.seed import seeded_names
from sandbox.world import WORLD_KEY, World

page_routes = web.RouteTableDef()

_PAGE = Template(Path(__file__).with_name("authorize.html").read_text(encoding="utf-8"))
_COLOURS = ("#5865f2", "#3ba55d", "#d9822b", "#c2487e", "#2a9d9d", "#8e5bd0")


@page_routes.get("/oauth2/authorize")
async def ask(request: web.Request) -> web.Response:
    """Show who asks for what."""
    world = request.app[WORLD_KEY]
    try:
        asked = read(world, request.query)
    except WrongRequest as wrong:
        return _page("This link does not work", _told(str(wrong)), status=400)
    return _page(asked.application.name, _form(world, asked))


@page_routes.post("/oauth2/authorize")
async def answer(request: web.Request) -> web.Response:
    """Take the answer and send the browser back to the application."""
    world = request.app[WORLD_KEY]
    form = {name: str(value) for name, value in (await request.post()).items()}
    try:
        asked = read(world, request.query)
        back = _decide(world, asked, form)
    except WrongRequest as wrong:
        return _page("That did not work", _told(str(wrong)), status=400)
    if back is None:
        return _page(asked.application.name, _told("Done. You may close this page."))
    raise web.HTTPSeeOther(back)


def _decide(world: World, asked: Authorization, form: dict[str, str]) -> str | None:
    if form.get("decision") != "authorize":
        return decline(asked)
    chosen = form.get("user_id", "")
    user = world.users.get(int(chosen)) if chosen.isdecimal() else None
    if user is None or user.bot:
        raise WrongRequest("Choose who you are.")
    guild_id = form.get("guild_id", "")
    return agree(world, asked, user, int(guild_id) if guild_id.isdecimal() else None)


def _page(title: str, body: str, status: int = 200) -> web.Response:
    html = _PAGE.substitute(title=escape(title), body=body)
    headers = {"Cache-Control": "no-store"}
    return web.Response(text=html, content_type="text/html", status=status, headers=headers)


def _told(text: str) -> str:
    return f'<p class="told" role="status">{escape(text)}</p>'


def _form(world: World, asked: Authorization) -> str:
    people = [user for user in world.users.values() if not user.bot]
    if not people:
        return _told("There is nobody in this sandbox yet.")
    roles = {user_id: name for name, user_id in seeded_names(world).items()}
    wishes = "".join(f"<li>{escape(SCOPES[scope])}</li>" for scope in asked.scopes)
    return f"""
      <p class="lead"><strong>{escape(asked.application.name)}</strong>
        wants to use your account in the sandbox.</p>
      <form method="post">
        <h2>It will be able to</h2>
        <ul class="wishes">{wishes}</ul>
        <fieldset><legend>Who are you?</legend><div class="people">
          {"".join(_person(one, roles.get(one.id), first=one is people[0]) for one in people)}
        </div></fieldset>
        {_servers(world, asked, people) if asked.adds_bot else ""}
        <div class="buttons">
          <button name="decision" value="cancel" class="quiet">Cancel</button>
          <button name="decision" value="authorize">Authorize</button>
        </div>
        {_destination(asked)}
      </form>"""


def _person(user: User, role: str | None, *, first: bool) -> str:
    name = user.global_name or user.username
    handle = f"@{user.username}"
    about = f"{role} · {handle}" if role else handle
    colour = _COLOURS[crc32(user.username.encode()) % len(_COLOURS)]
    checked = " checked" if first else ""
    return f"""
          <label class="person">
            <input type="radio" name="user_id" value="{user.id}" required{checked}>
            <span class="face" style="background:{colour}">{escape(name[:1].upper())}</span>
            <span class="names"><b>{escape(name)}</b><small>{escape(about)}</small></span>
          </label>"""


def _servers(world: World, asked: Authorization, people: list[User]) -> str:
    guilds = {guild.id: guild for user in people for guild in manageable(world, user)}
    if asked.guild_id is not None:
        guilds = {one: guild for one, guild in guilds.items() if one == asked.guild_id}
    options = "".join(_server(guild) for guild in guilds.values())
    return f"""
        <label class="server">Add it to the server
          <select name="guild_id" required>{options}</select>
        </label>"""


def _server(guild: Guild) -> str:
    return f'<option value="{guild.id}">{escape(guild.name)}</option>'


def _destination(asked: Authorization) -> str:
    if asked.redirect_uri is None:
        return ""
    host = urlsplit(asked.redirect_uri).netloc
    return f'<p class="note">Afterwards you go back to <b>{escape(host)}</b>.</p>'
