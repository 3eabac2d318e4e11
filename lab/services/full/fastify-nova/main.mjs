// Core API on Fastify: orders and catalog in MySQL, webhooks and payments, queues in Redis, migrations at the start.
import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import Fastify from 'fastify';
import { createPool } from 'mysql2/promise';
import { front, healthPath, healthy, host, keepAliveMs, mysql, number, onStop, pool, port, warmUp } from '../shared/service.mjs';
import { migrate } from './migrations.mjs';
import { accounts, firebase, payments, webhooks } from './partners.mjs';
import { queues as openQueues } from './queues.mjs';
import { shop } from './shop.mjs';

const app = Fastify({ logger: { level: process.env.LOG_LEVEL ?? 'info' }, keepAliveTimeout: keepAliveMs, forceCloseConnections: true });
front(app.server);

const auth = firebase();
await migrate(app.log);
const database = createPool({ ...mysql(), ...pool() });
const queues = openQueues(app.log, database);

/** The load balancer must not wait for a database that does not answer: no answer in this time is no health. */
const healthMs = number('HEALTH_TIMEOUT_MS', 3000);
app.get(healthPath, async (request, reply) => {
  try {
    await Promise.race([database.query('SELECT 1'), delay(healthMs, undefined, { ref: false }).then(() => { throw new Error(`the database did not answer within ${healthMs} ms`); })]);
    return healthy();
  } catch (err) {
    request.log.error({ err }, 'health check: database');
    return reply.code(503).send({ status: 'unavailable', reason: err.code ?? err.message });
  }
});
app.register(shop(database, queues));
app.register(webhooks(queues));
app.register(payments(queues));
app.register(accounts(auth));

onStop((line) => app.log.info(line), async () => {
  await app.close();
  await Promise.all([queues.close(), database.end()]);
});
await warmUp();
await app.listen({ host, port: port(3000) });

/** Products with their descriptions on the V8 heap: they count against --max-old-space-size and against the task's memory. */
async function fillCache(megabytes) {
  const cache = [];
  for (let i = 0; i < megabytes * 32; i += 1) {
    cache.push({ sku: `SKU-${1000 + i}`, description: randomBytes(16 * 1024).toString('hex') });
    if (i % 64 === 63) await nextTurn();
  }
  app.log.info({ products: cache.length, megabytes }, 'catalog cache filled');
  return cache;
}

// Held for the life of the process.
globalThis.productCache = await fillCache(number('PRODUCT_CACHE_MB', 1));
