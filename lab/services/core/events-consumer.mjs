// Worker of the store-events queue. In core it polls the core API for events, for there is no queue server.
import { setTimeout as delay } from 'node:timers/promises';
import { components, failure, isStopping, log, number, onStop } from './core.mjs';

const [redisHost, redisPort = '6379'] = process.env.REDIS_HOST.split(':');
const [chHost, chPort = process.env.CH_PORT ?? '8123'] = process.env.CH_HOST.split(':');
const chDatabase = process.env.CH_DATABASE.trim();
const queue = process.env.STORE_EVENTS_QUEUE ?? 'store-events';
const feed = new URL('/internal/events', new URL(process.env.CORE_API_URL));
const pollMs = number('POLL_MS', 2000);
const timeoutMs = number('UPSTREAM_TIMEOUT_MS', 10_000);

const rows = [];
const rowsKept = 1000;
let cursor = 0;

async function take() {
  feed.search = new URLSearchParams({ queue, after: cursor });
  const response = await fetch(feed, { signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new Error(`core API answered ${response.status}`);
  const { events, last } = await response.json();
  // A core API that was started anew counts from the beginning again.
  if (last !== undefined && last < cursor) cursor = 0;
  if (events.length === 0) return;
  cursor = events.at(-1).id;
  rows.push(...events);
  rows.splice(0, rows.length - rowsKept);
  log.info('store events worked', { queue, count: events.length, last: cursor, kept: rows.length });
}

components({ redis: `${redisHost}:${redisPort}`, clickhouse: `${chHost}:${chPort}`, database: chDatabase });
log.info('core profile: no queue server, store events come by polling the core API', { queue, feed: feed.href, pollMs });

onStop(async () => {});

// The first wait gives a core API that starts at the same moment the time to listen.
while (!isStopping()) {
  await delay(pollMs);
  try {
    await take();
  } catch (error) {
    log.error('store events could not be fetched', { queue, err: failure(error) });
  }
}
