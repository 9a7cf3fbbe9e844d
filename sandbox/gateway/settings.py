"""The gateway's numbers, as Discord has them; tests make them smaller."""

from datetime import timedelta

from msgspec import Struct


class GatewaySettings(Struct, kw_only=True):
    """How long the gateway waits and how much it keeps; may be changed while it runs."""

    heartbeat_interval: timedelta = timedelta(milliseconds=41_250)
    missed_heartbeats: float = (
        2.0  # a connection that stays silent for this many intervals is closed
    )
    session_lifetime: timedelta = timedelta(minutes=5)  # of a session whose connection was lost
    session_limit: int = 100_000  # events kept for a session
    identify_interval: timedelta = timedelta(seconds=5)  # between identifies of one bucket
    member_list_interval: timedelta = timedelta(seconds=30)  # of one guild, to one bot
    payloads_per_minute: int = 120  # that a client may send; heartbeats are not counted
    payload_size: int = 4096  # bytes of one payload from a client
    guilds_per_shard: int = 2500
    mailbox_limit: int = 5000  # client events kept for a user without a websocket
    record_limit: int = 20_000  # received payloads kept for reading
