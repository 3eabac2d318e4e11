// BullMQ: the queues that this service fills, and the workers of those that Shopify fills.
import { Queue, Worker } from 'bullmq';
import { number, redis } from '../shared/service.mjs';

const prefix = process.env.BULLMQ_PREFIX ?? 'bull';
const names = { events: process.env.STORE_EVENTS_QUEUE ?? 'store-events', webhooks: process.env.SHOPIFY_WEBHOOK_QUEUE ?? 'SHOPIFY_WEBHOOK' };
// What a webhook of this kind sets off, by the beginning of its topic.
const followUps = { 'products/': 'SHOPIFY_CATALOG_SYNC', 'shop/': 'SHOPIFY_SETTINGS_FETCH', 'themes/': 'SHOPIFY_SETTINGS_PUSH' };
const jobOptions = {
  attempts: number('JOB_ATTEMPTS', 3),
  backoff: { type: 'exponential', delay: number('JOB_BACKOFF_MS', 500) },
  removeOnComplete: 1000,
  removeOnFail: 5000,
};

function filled(name, log) {
  // A request must not wait for ever on a Redis that is gone: this many attempts, then MaxRetriesPerRequestError.
  const queue = new Queue(name, { prefix, skipWaitingForReady: true, defaultJobOptions: jobOptions, connection: { ...redis(), maxRetriesPerRequest: number('REDIS_MAX_RETRIES', 3) } });
  queue.on('error', (err) => log.error({ queue: name, err }, 'queue error'));
  return queue;
}

export function queues(log, database) {
  const events = filled(names.events, log);
  const webhooks = filled(names.webhooks, log);
  const further = Object.fromEntries(Object.values(followUps).map((name) => [name, filled(name, log)]));
  const produce = (type, data) => events.add(type, { type, at: new Date().toISOString(), ...data });

  async function work(job) {
    const { webhookId, topic, shop } = job.data;
    await database.query('INSERT IGNORE INTO shopify_deliveries (webhook_id, topic, shop, received_at) VALUES (?, ?, ?, NOW(3))', [webhookId, topic, shop]);
    await produce('shopify.webhook', { topic, store: shop });
    const next = Object.keys(followUps).find((kind) => topic?.startsWith(kind));
    if (next) await further[followUps[next]].add('shopify', { topic, shop });
  }

  const followUp = (job) => produce(job.queueName.toLowerCase(), { topic: job.data.topic, store: job.data.shop });

  const concurrency = number('SHOPIFY_WORKERS', 2);
  // Zero workers is how a task is run that only takes webhooks in and leaves the work to others.
  const workers = concurrency > 0 ? [working(names.webhooks, work), ...Object.keys(further).map((name) => working(name, followUp))] : [];

  function working(name, handler) {
    const worker = new Worker(name, handler, { prefix, concurrency, connection: { ...redis(), maxRetriesPerRequest: null } });
    worker.on('error', (err) => log.error({ queue: name, err }, 'worker error'));
    worker.on('failed', (job, err) => log.error({ queue: name, jobId: job?.id, attemptsMade: job?.attemptsMade, attempts: job?.opts.attempts, err }, 'job failed'));
    worker.on('completed', (job) => log.info({ queue: name, jobId: job.id, topic: job.data.topic }, 'webhook worked'));
    return worker;
  }

  return {
    produce,
    takeIn: (delivery) => webhooks.add('shopify', delivery),
    async counts() {
      const [one, other] = await Promise.all([events.getJobCounts(), webhooks.getJobCounts()]);
      return { [names.events]: one, [names.webhooks]: other };
    },
    close: () => Promise.all([events, webhooks, ...Object.values(further), ...workers].map((one) => one.close())),
  };
}
