"""The peer: hikari's GatewayBot with one listener that publishes every event by plain aio-pika.

Run as `python -m benchmarks.plain_publisher` with DISCORD_TOKEN, DISCORD_API_URL, AMQP_URL and
EXCHANGE; it says `ready` when it is connected.
"""

import os

import aio_pika
import hikari
import msgspec
from aio_pika.abc import AbstractExchange, AbstractRobustConnection


class Plain:
    """The bot's one listener, and the exchange that it publishes to."""

    def __init__(self, bot: hikari.GatewayBot, url: str, exchange: str) -> None:
        self._url = url
        self._name = exchange
        self._connection: AbstractRobustConnection | None = None
        self._exchange: AbstractExchange | None = None
        bot.subscribe(hikari.StartingEvent, self.open)
        bot.subscribe(hikari.StartedEvent, self.tell)
        bot.subscribe(hikari.StoppingEvent, self.close)
        bot.subscribe(hikari.ShardPayloadEvent, self.publish)

    async def open(self, _: hikari.StartingEvent) -> None:
        """Connect to the broker, with confirms as is the library's default."""
        self._connection = await aio_pika.connect_robust(self._url)
        channel = await self._connection.channel()
        self._exchange = await channel.get_exchange(self._name)

    async def tell(self, _: hikari.StartedEvent) -> None:
        """Say that all is ready."""
        print("ready", flush=True)

    async def close(self, _: hikari.StoppingEvent) -> None:
        """Hang up."""
        if self._connection is not None:
            await self._connection.close()

    async def publish(self, event: hikari.ShardPayloadEvent) -> None:
        """Publish an event and wait for its confirm."""
        assert self._exchange is not None
        guild = event.payload.get("guild_id", 0)
        message = aio_pika.Message(
            msgspec.json.encode(dict(event.payload)),
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            correlation_id=str(guild),
            type=event.name,
        )
        await self._exchange.publish(message, f"{event.name}.{guild}")


def main() -> None:
    """Run the bot until SIGTERM."""
    bot = hikari.GatewayBot(
        os.environ["DISCORD_TOKEN"],
        intents=hikari.Intents.ALL_UNPRIVILEGED | hikari.Intents.MESSAGE_CONTENT,
        rest_url=os.environ["DISCORD_API_URL"],
        banner=None,
        logs="ERROR",
    )
    Plain(bot, os.environ["AMQP_URL"], os.environ["EXCHANGE"])
    bot.run(check_for_updates=False, activity=None)


if __name__ == "__main__":
    main()
