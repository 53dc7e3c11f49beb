-- Facts with the same event_id are one: rows are replaced as parts are merged, and reports read FINAL. A month that is
-- over becomes one part, where FINAL costs nothing.
-- +goose Up
CREATE TABLE analytics_facts (
    event_id    UUID,
    order_id    UUID,
    kind        LowCardinality(String),
    happened_at DateTime64(6, 'UTC'),
    placed_at   DateTime64(6, 'UTC'),
    waited      Nullable(Int64),
    currency    LowCardinality(String),
    total_cents Int64,
    units       Int64,
    product_ids Array(UUID),
    quantities  Array(Int64),
    revenues    Array(Int64)
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(happened_at)
ORDER BY (kind, happened_at, event_id)
SETTINGS non_replicated_deduplication_window = 1000, min_age_to_force_merge_seconds = 600,
    min_age_to_force_merge_on_partition_only = 1;

-- +goose Down
DROP TABLE analytics_facts;
