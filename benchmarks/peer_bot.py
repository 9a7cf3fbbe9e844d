"""The peer: a plain hikari bot in one process that answers the same commands by itself.

Run as `python -m benchmarks.peer_bot` with DISCORD_TOKEN, DISCORD_API_URL, DATABASE_URL; it keeps
its warnings in one table, as such bots do, and says `ready` when it is connected.
"""

import os

import asyncpg
import hikari

PREFIX = "?"


def main() -> None:
    """Run the bot until SIGTERM."""
    intents = hikari.Intents.ALL_UNPRIVILEGED | hikari.Intents.MESSAGE_CONTENT
    bot = hikari.GatewayBot(
        os.environ["DISCORD_TOKEN"],
        intents=intents,
        rest_url=os.environ["DISCORD_API_URL"],
        banner=None,
        logs="ERROR",
    )
    Peer(bot, os.environ["DATABASE_URL"]).attach()
    bot.run(check_for_updates=False, activity=None)


class Peer:
    """The listeners of the bot, and the pool that they write to."""

    def __init__(self, bot: hikari.GatewayBot, database_url: str) -> None:
        self._bot = bot
        self._url = database_url
        self._db: asyncpg.Pool | None = None

    def attach(self) -> None:
        """Listen to what the bot needs."""
        self._bot.subscribe(hikari.StartingEvent, self.open)
        self._bot.subscribe(hikari.StartedEvent, self.register)
        self._bot.subscribe(hikari.StoppingEvent, self.close)
        self._bot.subscribe(hikari.InteractionCreateEvent, self.interact)
        self._bot.subscribe(hikari.GuildMessageCreateEvent, self.read)

    async def open(self, _: hikari.StartingEvent) -> None:
        """Open the pool and make the table."""
        self._db = await asyncpg.create_pool(self._url, min_size=2, max_size=4)
        await self._db.execute(
            "CREATE TABLE IF NOT EXISTS peer_warnings"
            " (number serial PRIMARY KEY, user_id bigint, moderator_id bigint, reason text)"
        )

    async def close(self, _: hikari.StoppingEvent) -> None:
        """Close the pool."""
        if self._db is not None:
            await self._db.close()

    async def register(self, _: hikari.StartedEvent) -> None:
        """Register the slash commands, then say that all is ready."""
        rest = self._bot.rest
        application = await rest.fetch_application()
        warn = rest.slash_command_builder("warn", "Warn somebody.")
        warn.add_option(_option(hikari.OptionType.USER, "user"))
        warn.add_option(_option(hikari.OptionType.STRING, "reason"))
        ping = rest.slash_command_builder("ping", "Say that the bot is there.")
        await rest.set_application_commands(application.id, [ping, warn])
        print("ready", flush=True)

    async def interact(self, event: hikari.InteractionCreateEvent) -> None:
        """Answer a slash command."""
        interaction = event.interaction
        if not isinstance(interaction, hikari.CommandInteraction):
            return
        values = {option.name: option.value for option in interaction.options or ()}
        text = "Pong."
        if interaction.command_name == "warn":
            text = await self.warn(
                int(str(values["user"])), interaction.user.id, str(values["reason"])
            )
        await interaction.create_initial_response(hikari.ResponseType.MESSAGE_CREATE, text)

    async def read(self, event: hikari.GuildMessageCreateEvent) -> None:
        """Answer a text command."""
        content = event.content or ""
        if not event.is_human or not content.startswith(PREFIX):
            return
        name, _, rest = content.removeprefix(PREFIX).partition(" ")
        text = "Pong."
        if name == "warn":
            user, _, reason = rest.partition(" ")
            text = await self.warn(int(user.strip("<@>")), event.author_id, reason)
        await event.message.respond(text, reply=True)

    async def warn(self, user_id: int, moderator_id: int, reason: str) -> str:
        """Keep a warning and return what to say."""
        assert self._db is not None
        number = await self._db.fetchval(
            "INSERT INTO peer_warnings (user_id, moderator_id, reason) VALUES ($1, $2, $3)"
            " RETURNING number",
            user_id,
            moderator_id,
            reason,
        )
        return f"Warned <@{user_id}>. Warning #{number}."


def _option(type_: hikari.OptionType, name: str) -> hikari.CommandOption:
    return hikari.CommandOption(type=type_, name=name, description=name, is_required=True)


if __name__ == "__main__":
    main()
