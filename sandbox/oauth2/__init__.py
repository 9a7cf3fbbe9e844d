"""OAuth2: the authorize page (`PAGE_ROUTES`, at the root), tokens (`ALL_ROUTES`, in the API)."""

from aiohttp import web

from sandbox.oauth2 import client, pages, tokens

ALL_ROUTES: list[web.RouteTableDef] = [tokens.routes, client.routes]
PAGE_ROUTES: list[web.RouteTableDef] = [pages.page_routes]

__all__ = ["ALL_ROUTES", "PAGE_ROUTES"]
