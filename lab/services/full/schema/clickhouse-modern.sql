CREATE TABLE IF NOT EXISTS zelly_analytics.store_events (
  event_date Date,
  at DateTime,
  job_id String,
  type LowCardinality(String),
  store String,
  paise Int64,
  payload String
) ENGINE = MergeTree PARTITION BY toYYYYMM(event_date) ORDER BY (store, type, at)
