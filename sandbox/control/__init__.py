"""The control API under /sandbox: make users and guilds, let things happen, let things go wrong."""

from sandbox.control import faulting, guide, machinery, people, views

ALL_ROUTES = (machinery.routes, people.routes, views.routes, faulting.routes, guide.routes)

__all__ = ["ALL_ROUTES"]
