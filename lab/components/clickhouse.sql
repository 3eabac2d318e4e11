CREATE DATABASE IF NOT EXISTS zelly_analytics;
CREATE TABLE IF NOT EXISTS zelly_analytics.store_events (
  event_date Date,
  at DateTime,
  job_id String,
  type String,
  store String,
  paise Int64,
  payload String
) ENGINE = MergeTree(event_date, (store, type, at), 8192);
