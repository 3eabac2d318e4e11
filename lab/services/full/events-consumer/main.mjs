// Worker of the store-events queue: BullMQ jobs to ClickHouse in batches. It listens on no port.
import { createClient } from '@clickhouse/client';
import { Worker } from 'bullmq';
import pino from 'pino';
import { clickhouse, number, onStop, redis, warmUp } from '../shared/service.mjs';

const log = pino({ level: process.env.LOG_LEVEL ?? 'info' });
const queue = process.env.STORE_EVENTS_QUEUE ?? 'store-events';
const prefix = process.env.BULLMQ_PREFIX ?? 'bull';
const batchSize = number('BATCH_SIZE', 50);
const batchMs = number('BATCH_MS', 200);
const database = process.env.CH_DATABASE.trim();
const store = createClient({ ...clickhouse(), database });

let batch = [];
let timer;

const row = ({ id, data: { type, at, store: shop = '', paise = 0, ...rest } }) => ({
  event_date: at.slice(0, 10), at: at.slice(0, 19).replace('T', ' '), job_id: String(id), type, store: shop, paise, payload: JSON.stringify(rest),
});

/** One insert for all jobs of a batch: it stands or falls for all of them, and each gets its own attempt again. */
async function flush() {
  clearTimeout(timer);
  timer = undefined;
  const taken = batch;
  batch = [];
  try {
    await store.insert({ table: 'store_events', values: taken.map((one) => one.row), format: 'JSONEachRow' });
    log.info({ queue, count: taken.length }, 'store events written');
    for (const one of taken) one.resolve();
  } catch (err) {
    for (const one of taken) one.reject(err);
  }
}

function work(job) {
  // A job of bad shape fails alone and before it can spoil a batch.
  const ready = row(job);
  return new Promise((resolve, reject) => {
    batch.push({ row: ready, resolve, reject });
    if (batch.length >= batchSize) flush();
    else timer ??= setTimeout(flush, batchMs);
  });
}

await warmUp();
const worker = new Worker(queue, async (job) => work(job), { prefix, concurrency: batchSize, connection: { ...redis(), maxRetriesPerRequest: null } });
worker.on('ready', () => log.info({ queue, prefix, database }, 'worker ready'));
worker.on('error', (err) => log.error({ queue, err }, 'worker error'));
worker.on('failed', (job, err) => log.error({ queue, jobId: job?.id, attemptsMade: job?.attemptsMade, attempts: job?.opts.attempts, err }, 'job failed'));
onStop((line) => log.info(line), async () => {
  await worker.close();
  await store.close();
});
