// node --test lab/services/core/check.mjs
// Starts each service as the lab does, on loopback, and checks its endpoints, its end, and what each wrong setting prints.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { Agent, get, request as httpRequest } from 'node:http';
import { connect as connectPlain, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';

const folder = import.meta.dirname ?? new URL('.', import.meta.url).pathname;
const flags = ['--max-semi-space-size=1', '--optimize-for-size', '--v8-pool-size=0'];
const limitMs = 15_000;

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
const account = { type: 'service_account', project_id: 'lab-zelly', private_key: privateKey, client_email: 'lab@lab-zelly.iam.gserviceaccount.com' };

const healthy = {
  'fastify-nova': {
    DB_HOST: '127.4.0.2', REDIS_HOST: '127.4.0.3', TENANT_DOMAINS: 'asha-sarees.example,old-shop.example:suspended',
    FIREBASE_SERVICE_ACCOUNT: JSON.stringify(account), RAZORPAY_KEY_ID: 'lab-rzp', RAZORPAY_KEY_SECRET: 'lab-razorpay', SHOPIFY_WEBHOOK_SECRET: 'lab-shopify',
  },
  'customer-panel': { DB_HOST: '127.4.0.2', REDIS_HOST: '127.4.0.3', SESSION_SECRET: 'lab-session' },
  'orion-backend': {
    DB_TYPE: 'mysql', DB_HOST: '127.4.0.2', DB_USER: 'zellymaster', DB_PASSWORD: 'lab-password', CH_HOST: '127.4.0.4',
    CORS_ORIGINS: 'https://admin.zelly.in,https://seller.zelly.in',
  },
  'events-consumer': { REDIS_HOST: '127.4.0.3', CH_HOST: '127.4.0.4', CH_DATABASE: 'zelly_analytics', CORE_API_URL: 'http://127.4.0.5:4900', POLL_MS: '100' },
  storefront: { DB_HOST: '127.4.0.2', CORE_API_URL: 'http://127.4.0.5:4900' },
  caddy: {},
};

const running = new Set();
after(() => { for (const child of running) child.kill('SIGKILL'); });

/** Starts a service; a setting of undefined is left out of its environment. */
function start(service, settings = {}, { command = [process.execPath, ...flags], host = '127.4.0.1' } = {}) {
  const env = { PATH: process.env.PATH, HOST: host, PORT: '0', ...healthy[service], ...settings };
  for (const [key, value] of Object.entries(env)) if (value === undefined) delete env[key];
  const [program, ...first] = command;
  const child = spawn(program, [...first, join(folder, `${service}.mjs`)], { env });
  running.add(child);
  let text = '';
  child.stdout.on('data', (chunk) => { text += chunk; });
  child.stderr.on('data', (chunk) => { text += chunk; });
  const ended = new Promise((resolve) => {
    child.on('close', (code, signal) => {
      running.delete(child);
      resolve(signal ? 128 + { SIGABRT: 6, SIGKILL: 9, SIGTERM: 15 }[signal] : code);
    });
  });
  const says = async (pattern) => {
    const until = Date.now() + limitMs;
    while (!pattern.test(text)) {
      if (Date.now() > until || !running.has(child)) assert.match(text, pattern);
      await delay(15);
    }
    return pattern.exec(text);
  };
  return {
    child, ended, says, output: () => text,
    url: async () => (await says(/Server listening at (http:\/\/[\d.:]+)/))[1],
    stop: async () => { child.kill('SIGTERM'); return ended; },
  };
}

async function with_(service, settings, use, more) {
  const one = start(service, settings, more);
  try {
    return await use(one, service === 'events-consumer' ? undefined : await one.url());
  } finally {
    one.child.kill('SIGKILL');
    await one.ended;
  }
}

const lines = (one) => one.output().trim().split('\n').map((line) => JSON.parse(line));

for (const service of ['fastify-nova', 'customer-panel', 'orion-backend', 'storefront']) {
  test(`${service} is healthy, says what stands behind it and ends on SIGTERM within a second`, async () => {
    const one = start(service);
    const answer = await fetch(`${await one.url()}/health`);
    assert.equal(answer.status, 200);
    assert.equal((await answer.json()).status, 'ok');
    const began = performance.now();
    assert.equal(await one.stop(), 0);
    assert.ok(performance.now() - began < 1000);
    const messages = lines(one).map((line) => line.msg);
    for (const wanted of ['core profile: no database behind this service', 'request completed', 'SIGTERM received, draining', 'stopped']) assert.ok(messages.includes(wanted), wanted);
    const completed = lines(one).find((line) => line.msg === 'request completed');
    assert.equal(completed.level, 30);
    assert.equal(completed.res.statusCode, 200);
    assert.equal(typeof completed.responseTime, 'number');
  });
}

test('fastify-nova answers for domains: 200 active, 403 suspended, 404 unknown', () => with_('fastify-nova', {}, async (one, url) => {
  const status = async (path) => (await fetch(url + path)).status;
  assert.equal(await status('/validate_tenant_domain/asha-sarees.example'), 200);
  assert.equal(await status('/validate_tenant_domain/old-shop.example'), 403);
  assert.equal(await status('/validate_tenant_domain/nobody.example'), 404);
  assert.equal(await status('/store/asha-sarees.example'), 200);
  assert.equal(await status('/store/nobody.example'), 404);
  assert.equal(await status('/catalog/SKU-101'), 200);
  assert.equal(await status('/validate_tenant_domain/%'), 400);
  assert.equal(await status('/reports/sales'), 200);
  assert.equal(await status('/nothing'), 404);
}));

test('fastify-nova keeps orders and gives their events to the queue of that name only', () => with_('fastify-nova', {}, async (one, url) => {
  const post = (text) => fetch(`${url}/orders`, { method: 'POST', body: text });
  const placed = await post(JSON.stringify({ store: 'asha-sarees.example', items: [{ sku: 'SKU-100', quantity: 2 }] }));
  assert.equal(placed.status, 201);
  const order = await placed.json();
  assert.equal(order.paise, 99_800);
  assert.deepEqual(await (await fetch(`${url}/orders/${order.id}`)).json(), order);
  assert.equal((await post('{')).status, 400);
  assert.equal((await post('x'.repeat((1 << 20) + 1))).status, 413);
  assert.equal((await post(JSON.stringify({ store: 'nobody.example', items: [{}] }))).status, 400);
  assert.equal((await (await fetch(`${url}/internal/events`)).json()).events[0].type, 'order.created');
  assert.deepEqual((await (await fetch(`${url}/internal/events?queue=storeEvents`)).json()).events, []);
  assert.equal((await (await fetch(`${url}/internal/queues`)).json())['store-events'].waiting, 1);
}));

test('fastify-nova takes a Shopify webhook whose signature fits the raw body and refuses others with the reason', () => with_('fastify-nova', {}, async (one, url) => {
  const raw = '{ "id":  1 }';
  const send = (headers) => fetch(`${url}/webhooks/shopify`, { method: 'POST', body: raw, headers: { 'x-shopify-topic': 'orders/create', ...headers } });
  const sign = (secret) => createHmac('sha256', secret).update(raw).digest('base64');
  assert.equal((await send({ 'x-shopify-hmac-sha256': sign('lab-shopify') })).status, 200);
  assert.equal((await send({ 'x-shopify-hmac-sha256': sign('another') })).status, 401);
  await one.says(/"reason":"invalid_hmac".*Shopify webhook signature verification failed/);
  assert.equal((await send({})).status, 401);
  await one.says(/"reason":"missing_hmac"/);
}));

test('fastify-nova verifies a Razorpay payment and refuses one of another key', () => with_('fastify-nova', {}, async (one, url) => {
  const send = (secret) => fetch(`${url}/payments/verify`, {
    method: 'POST',
    body: JSON.stringify({ razorpay_order_id: 'order_1', razorpay_payment_id: 'pay_1', razorpay_signature: createHmac('sha256', secret).update('order_1|pay_1').digest('hex') }),
  });
  assert.equal((await send('lab-razorpay')).status, 200);
  const refused = await send('another');
  assert.equal(refused.status, 400);
  assert.equal((await refused.json()).error.code, 'BAD_REQUEST_ERROR');
  await one.says(/Razorpay BAD_REQUEST_ERROR: Signature Verification Failed/);
}));

for (const [name, path, key] of [['Shopify', '/webhooks/shopify', 'SHOPIFY_WEBHOOK_SECRET'], ['Razorpay', '/payments/verify', 'RAZORPAY_KEY_SECRET']]) {
  test(`without ${key} every ${name} request ends in Node's own error`, () => with_('fastify-nova', { [key]: undefined }, async (one, url) => {
    const body = JSON.stringify({ razorpay_order_id: 'o', razorpay_payment_id: 'p', razorpay_signature: 's' });
    assert.equal((await fetch(url + path, { method: 'POST', body, headers: { 'x-shopify-hmac-sha256': 'x' } })).status, 500);
    await one.says(/ERR_INVALID_ARG_TYPE/);
    await one.says(/The \\"key\\" argument must be of type string .* Received undefined/);
  }));
}

const secureRequest = { 'x-forwarded-proto': 'https' };
const login = (url, headers = secureRequest) => fetch(`${url}/login`, { method: 'POST', body: '{"email":"a@b.example"}', headers });
const cookieOf = (answer) => answer.headers.get('set-cookie')?.split(';')[0];

test('customer-panel keeps a session behind a secure signed cookie', () => with_('customer-panel', {}, async (one, url) => {
  const answer = await login(url);
  assert.match(answer.headers.get('set-cookie'), /^connect\.sid=s%3A.*HttpOnly; SameSite=Lax; Secure$/);
  const cookie = cookieOf(answer);
  assert.equal((await fetch(`${url}/account`, { headers: { cookie } })).status, 200);
  assert.equal((await fetch(`${url}/account`)).status, 401);
  assert.equal((await fetch(`${url}/logout`, { method: 'POST', headers: { cookie } })).status, 204);
  assert.equal((await fetch(`${url}/account`, { headers: { cookie } })).status, 401);
}));

test('customer-panel with another SESSION_SECRET refuses the old cookie', async () => {
  const cookie = await with_('customer-panel', {}, async (one, url) => cookieOf(await login(url)));
  await with_('customer-panel', { SESSION_SECRET: 'lab-other' }, async (one, url) => {
    assert.equal((await fetch(`${url}/account`, { headers: { cookie } })).status, 401);
    await one.says(/session cookie signature invalid/);
  });
});

test('customer-panel without SESSION_SECRET is healthy and fails every other request', () => with_('customer-panel', { SESSION_SECRET: undefined }, async (one, url) => {
  assert.equal((await fetch(`${url}/health`)).status, 200);
  assert.equal((await login(url)).status, 500);
  await one.says(/Error: secret option required for sessions/);
}));

test('customer-panel that does not trust its proxy never sets the secure cookie', () => with_('customer-panel', { TRUST_PROXY: 'false' }, async (one, url) => {
  assert.equal(cookieOf(await login(url)), undefined);
  await one.says(/session cookie withheld/);
}));

test('orion-backend allows a listed origin, and another gets the same status without the header', () => with_('orion-backend', {}, async (one, url) => {
  const preflight = (origin) => fetch(`${url}/stores`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'x-admin' } });
  const listed = await preflight('https://admin.zelly.in');
  assert.equal(listed.status, 204);
  assert.equal(listed.headers.get('access-control-allow-origin'), 'https://admin.zelly.in');
  assert.equal(listed.headers.get('access-control-allow-headers'), 'x-admin');
  const other = await preflight('https://elsewhere.example');
  assert.equal(other.status, 204);
  assert.equal(other.headers.get('access-control-allow-origin'), null);
  const plain = await fetch(`${url}/analytics/orders`, { headers: { origin: 'https://seller.zelly.in' } });
  assert.equal(plain.status, 200);
  assert.equal(plain.headers.get('access-control-allow-origin'), 'https://seller.zelly.in');
}));

test('events-consumer works the events of the core API and ends on SIGTERM', () => with_('fastify-nova', {}, async (api, url) => {
  const one = start('events-consumer', { CORE_API_URL: url });
  await one.says(/no queue server, store events come by polling/);
  await fetch(`${url}/orders`, { method: 'POST', body: JSON.stringify({ store: 'asha-sarees.example', items: [{ sku: 'SKU-100' }] }) });
  await one.says(/store events worked/);
  const began = performance.now();
  assert.equal(await one.stop(), 0);
  assert.ok(performance.now() - began < 1000);
}));

test('events-consumer of another queue name leaves the events waiting', () => with_('fastify-nova', {}, async (api, url) => {
  await fetch(`${url}/orders`, { method: 'POST', body: JSON.stringify({ store: 'asha-sarees.example', items: [{ sku: 'SKU-100' }] }) });
  await with_('events-consumer', { CORE_API_URL: url, STORE_EVENTS_QUEUE: 'storeEvents' }, async () => {
    await api.says(/internal\/events\?queue=storeEvents[^]*internal\/events\?queue=storeEvents/);
    assert.equal((await (await fetch(`${url}/internal/queues`)).json())['store-events'].waiting, 1);
  });
}));

for (const [name, url, cause] of [
  ['refuses', 'http://127.4.0.5:4900', 'connect ECONNREFUSED 127.4.0.5:4900'],
  ['has no such name', 'http://fastify-nova.invalid', 'getaddrinfo (ENOTFOUND|EAI_AGAIN) fastify-nova.invalid'],
]) {
  test(`events-consumer says fetch failed and why when the core API ${name}, and stays`, () => with_('events-consumer', { CORE_API_URL: url }, async (one) => {
    await one.says(new RegExp(`"message":"fetch failed: ${cause}"`));
    assert.equal(one.child.exitCode, null);
  }));
}

const pageOf = (url, host) => new Promise((resolve, reject) => {
  get(url, { headers: { host }, agent: false }, async (answer) => {
    let text = '';
    for await (const chunk of answer) text += chunk;
    resolve({ status: answer.statusCode, text });
  }).on('error', reject);
});

test('storefront renders the store of its domain and asks the core API about certificates', () => with_('fastify-nova', {}, (api, core) => with_('storefront', { CORE_API_URL: core }, async (one, url) => {
  const page = await pageOf(url, 'asha-sarees.example');
  assert.equal(page.status, 200);
  assert.match(page.text, /<h1>asha sarees<\/h1>.*Silk scarf/);
  assert.equal((await pageOf(url, 'nobody.example')).status, 404);
  const cert = async (domain) => (await fetch(`${url}/allow-cert?domain=${domain}`)).status;
  assert.deepEqual([await cert('asha-sarees.example'), await cert('old-shop.example'), await cert('nobody.example'), await cert('')], [200, 403, 403, 400]);
})));

for (const [name, value, text] of [
  ['points nowhere', 'http://127.4.0.5:4900', /^\d\d:\d\d:\d\d \[ERROR\] TypeError: fetch failed$/m],
  ['has an unknown host', 'http://fastify-nova.invalid', /\[ERROR\] TypeError: fetch failed/],
  ['is unset', undefined, /\[ERROR\] TypeError: Failed to parse URL from undefined\/store\/shop\.example[^]*input: 'undefined\/store\/shop\.example'/],
]) {
  test(`storefront whose CORE_API_URL ${name} is healthy and fails every page`, () => with_('storefront', { CORE_API_URL: value }, async (one, url) => {
    assert.equal((await pageOf(`${url}/health`, 'shop.example')).status, 200);
    assert.equal((await pageOf(url, 'shop.example')).status, 500);
    await one.says(text);
    assert.doesNotMatch(one.output(), /ECONNREFUSED|ENOTFOUND/);
  }));
}

test('storefront gives up on a slow core API after UPSTREAM_TIMEOUT_MS', () => with_('fastify-nova', { QUERY_MS: '3000' }, (api, core) => with_('storefront', { CORE_API_URL: core, UPSTREAM_TIMEOUT_MS: '100' }, async (one, url) => {
  assert.equal((await pageOf(url, 'asha-sarees.example')).status, 500);
  await one.says(/\[ERROR\] TimeoutError: The operation was aborted due to timeout/);
})));

const crashes = [
  ['fastify-nova', { DB_HOST: undefined }, 1, /process\.env\.DB_HOST\.split[^]*TypeError: Cannot read properties of undefined \(reading 'split'\)/],
  ['fastify-nova', { REDIS_HOST: undefined }, 1, /process\.env\.REDIS_HOST\.split[^]*\(reading 'split'\)/],
  ['fastify-nova', { TENANT_DOMAINS: undefined }, 1, /\(reading 'split'\)/],
  ['fastify-nova', { FIREBASE_SERVICE_ACCOUNT: undefined }, 1, /SyntaxError: "undefined" is not valid JSON/],
  ['fastify-nova', { FIREBASE_SERVICE_ACCOUNT: '' }, 1, /SyntaxError: Unexpected end of JSON input/],
  ['fastify-nova', { FIREBASE_SERVICE_ACCOUNT: "{type:'service_account'}" }, 1, /SyntaxError: Expected property name or '}' in JSON at position 1/],
  ['fastify-nova', { FIREBASE_SERVICE_ACCOUNT: '{"type":"service_account"' }, 1, /SyntaxError: Expected ',' or '}' after property value in JSON at position 25/],
  ['fastify-nova', { FIREBASE_SERVICE_ACCOUNT: 'null' }, 1, /FirebaseAppError: Service account must be an object\./],
  ...['project_id', 'private_key', 'client_email'].map((key) => ['fastify-nova', { FIREBASE_SERVICE_ACCOUNT: JSON.stringify({ ...account, [key]: undefined }) }, 1,
    new RegExp(`FirebaseAppError: Service account object must contain a string "${key}" property\\.[^]*code: 'app/invalid-credential'`)]),
  ['fastify-nova', { FIREBASE_SERVICE_ACCOUNT: JSON.stringify({ ...account, private_key: privateKey.replaceAll('\n', '\\n') }) }, 1, /FirebaseAppError: Failed to parse private key: Error: error:1E08010C:DECODER routines::unsupported/],
  ['fastify-nova', { PORT: 'http' }, 1, /RangeError \[ERR_SOCKET_BAD_PORT\]: options\.port should be >= 0 and < 65536\. Received type number \(NaN\)\./],
  ['fastify-nova', { HOST: '203.0.113.9', PORT: '3000' }, 1, /Error: listen EADDRNOTAVAIL: address not available 203\.0\.113\.9:3000/],
  ['fastify-nova', { LOG_LEVEL: 'verbose' }, 1, /Error: default level:verbose must be included in custom levels/],
  ['fastify-nova', { NODE_OPTIONS: '--max-old-space=40' }, 9, /--max-old-space= is not allowed in NODE_OPTIONS/],
  ['fastify-nova', { NODE_OPTIONS: '--max-old-space-size=40', PRODUCT_CACHE_MB: '200' }, 134, /FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory/],
  ['customer-panel', { DB_HOST: undefined }, 1, /process\.env\.DB_HOST\.split[^]*\(reading 'split'\)/],
  ['customer-panel', { REDIS_HOST: undefined }, 1, /process\.env\.REDIS_HOST\.split[^]*\(reading 'split'\)/],
  ['orion-backend', { DB_TYPE: undefined }, 1, /TypeError: Cannot read properties of undefined \(reading 'forRoot'\)/],
  ...['DB_HOST', 'DB_USER', 'DB_PASSWORD', 'CH_HOST'].map((key) => ['orion-backend', { [key]: undefined }, 1, new RegExp(`TypeError: Configuration key "${key}" does not exist`)]),
  ['orion-backend', { CORS_ORIGINS: undefined }, 1, /process\.env\.CORS_ORIGINS\.split[^]*\(reading 'split'\)/],
  ['orion-backend', { CH_PORT: 'http' }, 1, /TypeError: Invalid URL[^]*code: 'ERR_INVALID_URL'/],
  ['events-consumer', { REDIS_HOST: undefined }, 1, /\(reading 'split'\)/],
  ['events-consumer', { CH_HOST: undefined }, 1, /process\.env\.CH_HOST\.split[^]*\(reading 'split'\)/],
  ['events-consumer', { CH_DATABASE: undefined }, 1, /process\.env\.CH_DATABASE\.trim[^]*\(reading 'trim'\)/],
  ['events-consumer', { CORE_API_URL: undefined }, 1, /TypeError: Invalid URL[^]*code: 'ERR_INVALID_URL',\s+input: 'undefined'/],
  ['events-consumer', { CORE_API_URL: 'api.zelly.in' }, 1, /TypeError: Invalid URL[^]*input: 'api\.zelly\.in'/],
  ['storefront', { DB_HOST: undefined }, 1, /process\.env\.DB_HOST\.split[^]*\(reading 'split'\)/],
  ['caddy', { UPSTREAM: undefined }, 1, /TypeError: Invalid URL[^]*input: 'undefined'/],
  ['caddy', { UPSTREAM: 'http://127.4.0.1:4900', ASK_URL: 'http://127.4.0.1:4900/allow-cert' }, 1, /SyntaxError: "undefined" is not valid JSON/],
  ['caddy', { UPSTREAM: 'http://127.4.0.1:4900', ASK_URL: 'http://127.4.0.1:4900/allow-cert', LAB_ISSUE: '["true"]', LAB_CERT_FILE: '/nowhere/cert.pem' }, 1, /Error: ENOENT: no such file or directory, open '\/nowhere\/cert\.pem'/],
];

for (const [service, settings, code, text] of crashes) {
  const key = Object.keys(settings).at(-1);
  const shown = settings[key] === undefined ? 'unset' : JSON.stringify(settings[key].slice(0, 30));
  test(`${service} with ${key} ${shown} ends with ${code}`, async () => {
    const one = start(service, settings);
    assert.equal(await one.ended, code);
    assert.match(one.output(), text);
    if (code === 1) assert.match(one.output(), /^Node\.js v\d+/m);
  });
}

test('a second container on the same port of a task ends with EADDRINUSE', () => with_('fastify-nova', {}, async (one, url) => {
  const port = new URL(url).port;
  const second = start('storefront', { PORT: port });
  assert.equal(await second.ended, 1);
  assert.match(second.output(), new RegExp(`Error: listen EADDRINUSE: address already in use 127\\.4\\.0\\.1:${port}`));
}));

test('HEALTH_PATH moves the health check away from where the load balancer asks', () => with_('fastify-nova', { HEALTH_PATH: '/healthz' }, async (one, url) => {
  assert.equal((await fetch(`${url}/health`)).status, 404);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
}));

test('WARMUP_MS keeps the service from listening', async () => {
  const one = start('fastify-nova', { WARMUP_MS: '60000' });
  await one.says(/no database behind/);
  await one.says(/catalog cache filled/);
  assert.doesNotMatch(one.output(), /Server listening/);
  assert.equal(await one.stop(), 0);
});

test('REPORT_DELAY_MS is how long a report takes', () => with_('fastify-nova', { REPORT_DELAY_MS: '600' }, async (one, url) => {
  const began = performance.now();
  await fetch(`${url}/reports/sales`);
  assert.ok(performance.now() - began >= 595);
  await assert.rejects(fetch(`${url}/reports/sales`, { signal: AbortSignal.timeout(100) }));
  await one.says(/the client left before the answer/);
}));

test('KEEP_ALIVE_MS is when an idle connection is closed under the load balancer', () => with_('fastify-nova', { KEEP_ALIVE_MS: '100' }, async (one, url) => {
  const { hostname, port } = new URL(url);
  const began = performance.now();
  const socket = connectPlain(port, hostname, () => socket.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n'));
  socket.resume();
  await new Promise((resolve) => { socket.on('close', resolve); });
  assert.ok(performance.now() - began < 5000);
}));

test('TRACE_HEADER_BYTES makes a header that clients and load balancers refuse', () => with_('fastify-nova', { TRACE_HEADER_BYTES: '40000' }, async (one, url) => {
  const error = await new Promise((resolve, reject) => {
    httpRequest(`${url}/health`, { agent: new Agent() }, () => reject(new Error('was taken'))).on('error', resolve).end();
  });
  assert.equal(error.code, 'HPE_HEADER_OVERFLOW');
}));

test('DRAIN_MS longer than the stop time ends in SIGKILL, 137, with requests answered until then', async () => {
  const one = start('fastify-nova', { DRAIN_MS: '60000' });
  const url = await one.url();
  one.child.kill('SIGTERM');
  await one.says(/SIGTERM received, draining/);
  assert.equal((await fetch(`${url}/health`)).headers.get('connection'), 'close');
  one.child.kill('SIGKILL');
  assert.equal(await one.ended, 137);
  assert.doesNotMatch(one.output(), /heap|memory/i);
});

const group = `/sys/fs/cgroup/memory/lab-core-check-${process.pid}`;
const canLimit = (() => {
  try {
    accessSync('/sys/fs/cgroup/memory/memory.limit_in_bytes', constants.R_OK);
    mkdirSync(group);
    return true;
  } catch (error) {
    return error.code === 'EEXIST';
  }
})();

test('PRODUCT_CACHE_MB above the memory limit: killed by the limit, 137, and the log just stops', { skip: canLimit ? false : 'no cgroup v1 memory controller that may be written' }, async () => {
  writeFileSync(`${group}/memory.limit_in_bytes`, String(120 << 20));
  try {
    const one = start('fastify-nova', { PRODUCT_CACHE_MB: '600' }, { command: ['sh', '-c', `echo $$ > ${group}/cgroup.procs && exec "$@"`, 'sh', process.execPath, ...flags] });
    assert.equal(await one.ended, 137);
    assert.match(one.output(), /Server listening/);
    assert.doesNotMatch(one.output(), /heap|catalog cache filled/);
    assert.match(readFileSync(`${group}/memory.oom_control`, 'utf8'), /oom_kill [1-9]/);
  } finally {
    rmdirSync(group);
  }
});

/** A small CA and the command that issues from it, as the lab gives them. */
function authority() {
  const at = mkdtempSync(join(tmpdir(), 'lab-core-'));
  const openssl = (...args) => execFileSync('openssl', args, { cwd: at, stdio: ['ignore', 'pipe', 'ignore'] });
  openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=LAB CA', '-days', '2');
  const script = `set -e; d=$(mktemp -d); trap 'rm -rf "$d"' EXIT; openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$d/k" -out "$d/r" -subj "/CN=$1" 2>/dev/null
printf 'subjectAltName=DNS:%s\\n' "$1" >"$d/e"; openssl x509 -req -in "$d/r" -CA ${at}/ca.pem -CAkey ${at}/ca.key -set_serial 0x$(openssl rand -hex 8) -days 1 -extfile "$d/e" 2>/dev/null; cat "$d/k"`;
  const issue = ['sh', '-c', script, 'issue'];
  const own = execFileSync(issue[0], [...issue.slice(1), 'app.zelly.in']);
  writeFileSync(join(at, 'own.pem'), own);
  return { at, ca: readFileSync(join(at, 'ca.pem')), settings: { LAB_CERT_FILE: join(at, 'own.pem'), LAB_KEY_FILE: join(at, 'own.pem'), LAB_ISSUE: JSON.stringify(issue) } };
}

const visit = (port, servername, ca) => new Promise((resolve) => {
  const socket = connect({ host: '127.4.0.1', port, servername, ca }, () => socket.write(`GET / HTTP/1.1\r\nhost: ${servername}\r\nconnection: close\r\n\r\n`));
  let text = '';
  socket.on('data', (chunk) => { text += chunk; });
  socket.on('error', (error) => resolve({ error }));
  socket.on('end', () => resolve({ text, names: socket.getPeerCertificate()?.subjectaltname }));
});

test('the TLS front serves its own name, an allowed name with a certificate made on demand, and no other', async (t) => {
  const { at, ca, settings } = authority();
  t.after(() => rmSync(at, { recursive: true }));
  await with_('fastify-nova', { TENANT_DOMAINS: 'app.zelly.in,asha-sarees.example' }, (api, core) => with_('storefront', { CORE_API_URL: core }, async (shop, storefront) => {
    await with_('caddy', { ...settings, UPSTREAM: storefront, ASK_URL: `${storefront}/allow-cert`, TLS_PORT: '0', HTTP_PORT: '0' }, async (one, url) => {
      const port = (await one.says(/TLS front of the lab listening at https:\/\/[\d.]+:(\d+)/))[1];
      const own = await visit(port, 'app.zelly.in', ca);
      assert.match(own.text, /^HTTP\/1\.1 200 OK[^]*<h1>app<\/h1>/);
      const [first, again] = await Promise.all([visit(port, 'asha-sarees.example', ca), visit(port, 'asha-sarees.example', ca)]);
      assert.equal(first.names, 'DNS:asha-sarees.example');
      assert.match(again.text, /<h1>asha sarees<\/h1>/);
      assert.equal(one.output().match(/certificate issued on demand/g).length, 1);
      const denied = await visit(port, 'nobody.example', ca);
      assert.match(denied.error.message, /tlsv1 alert internal error/);
      assert.equal((await fetch(`${url}/health`)).status, 200);
      const moved = await fetch(`${url}/cart`, { headers: { host: 'app.zelly.in' }, redirect: 'manual' });
      assert.equal(moved.status, 308);
      shop.child.kill('SIGKILL');
      await shop.ended;
      assert.match((await visit(port, 'app.zelly.in', ca)).text, /^HTTP\/1\.1 502 /);
      await one.says(/"message":"connect ECONNREFUSED.*the storefront did not answer/);
      assert.match((await visit(port, 'other.example', ca)).error.message, /tlsv1 alert internal error/);
      await one.says(/the ask endpoint did not answer/);
      const began = performance.now();
      assert.equal(await one.stop(), 0);
      assert.ok(performance.now() - began < 1000);
      assert.doesNotMatch(one.output(), /caddy/i);
    });
  }));
});

test('the TLS front says when its issue command breaks', async (t) => {
  const { at, ca, settings } = authority();
  t.after(() => rmSync(at, { recursive: true }));
  const yes = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n'));
  await new Promise((resolve) => { yes.listen(0, '127.4.0.6', resolve); });
  t.after(() => yes.close());
  const base = `http://127.4.0.6:${yes.address().port}`;
  await with_('caddy', { ...settings, LAB_ISSUE: '["/nowhere/issue"]', UPSTREAM: base, ASK_URL: base, TLS_PORT: '0', HTTP_PORT: '0' }, async (one) => {
    const port = (await one.says(/TLS front of the lab listening at https:\/\/[\d.]+:(\d+)/))[1];
    assert.match((await visit(port, 'shop.example', ca)).error.message, /tlsv1 alert internal error/);
    await one.says(/spawn \/nowhere\/issue ENOENT.*no certificate could be issued/);
  });
});
