-- Everything that is counted, one row each, and the two sums that are rebuilt from it day by day.
--
-- A row's key is the same when its message is delivered again (the event's own id and time), so
-- that a second insert of an event changes nothing: FINAL and merges keep one.
CREATE TABLE IF NOT EXISTS events (
    guild_id   UInt64 CODEC(ZSTD(1)),
    kind       LowCardinality(String),
    ts         DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    event_id   UInt64 CODEC(ZSTD(1)),
    channel_id UInt64 CODEC(ZSTD(1)),
    user_id    UInt64 CODEC(ZSTD(1)),
    target_id  UInt64 CODEC(ZSTD(1)),
    subkind    LowCardinality(String),
    value      UInt32 CODEC(ZSTD(1)),
    is_bot     UInt8
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(ts)
ORDER BY (guild_id, kind, ts, event_id)
TTL toDateTime(ts) + INTERVAL 180 DAY;

CREATE TABLE IF NOT EXISTS hourly (
    guild_id   UInt64 CODEC(ZSTD(1)),
    kind       LowCardinality(String),
    hour       DateTime('UTC') CODEC(Delta, ZSTD(1)),
    channel_id UInt64 CODEC(ZSTD(1)),
    subkind    LowCardinality(String),
    n          UInt64 CODEC(ZSTD(1)),
    v          UInt64 CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(hour)
ORDER BY (guild_id, kind, hour, channel_id, subkind);

CREATE TABLE IF NOT EXISTS user_daily (
    guild_id UInt64 CODEC(ZSTD(1)),
    kind     LowCardinality(String),
    day      Date CODEC(Delta, ZSTD(1)),
    user_id  UInt64 CODEC(ZSTD(1)),
    subkind  LowCardinality(String),
    n        UInt64 CODEC(ZSTD(1)),
    v        UInt64 CODEC(ZSTD(1))
) ENGINE = MergeTree
PARTITION BY toYYYYMMDD(day)
ORDER BY (guild_id, kind, day, user_id, subkind);
