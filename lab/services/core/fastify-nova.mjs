// Core API: orders, catalog, stores by domain, Shopify webhooks, Razorpay payments, tenant-domain validation.
import { createHmac, createPrivateKey, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { body, components, json, log, number, serve } from './core.mjs';

const [dbHost, dbPort = process.env.DB_PORT ?? '3306'] = process.env.DB_HOST.split(':');
const [redisHost, redisPort = '6379'] = process.env.REDIS_HOST.split(':');
// One domain or `domain:suspended` after another, in place of the tenants' table.
const tenants = new Map(process.env.TENANT_DOMAINS.split(',').filter(Boolean).map((one) => {
  const [domain, state = 'active'] = one.trim().split(':');
  return [domain, state];
}));
const queue = process.env.STORE_EVENTS_QUEUE ?? 'store-events';
// The databases' share of an answer's time, which here nobody else takes.
const queryMs = number('QUERY_MS', 2);
const reportMs = number('REPORT_DELAY_MS', 40);

class FirebaseAppError extends Error {
  constructor(message) {
    super(message);
    this.errorInfo = { code: 'app/invalid-credential', message };
    this.codePrefix = 'app';
    this.code = this.errorInfo.code;
  }
  get name() { return 'FirebaseAppError'; }
}

/** The checks of firebase-admin's certificate credential, in its order and words (13.x). */
function certificate(account) {
  if (typeof account !== 'object' || account === null) throw new FirebaseAppError('Service account must be an object.');
  for (const key of ['project_id', 'private_key', 'client_email']) {
    if (typeof account[key] !== 'string' || !account[key]) throw new FirebaseAppError(`Service account object must contain a string "${key}" property.`);
  }
  try {
    createPrivateKey(account.private_key);
  } catch (error) {
    throw new FirebaseAppError(`Failed to parse private key: ${error}`);
  }
  return account.project_id;
}

const firebaseProject = certificate(JSON.parse(process.env.FIREBASE_SERVICE_ACCOUNT));

const catalog = ['Silk scarf', 'Brass lamp', 'Clay cup', 'Cotton kurta', 'Teak tray', 'Spice box', 'Jute bag', 'Block print sheet']
  .map((title, i) => ({ sku: `SKU-${100 + i}`, title, paise: 49_900 + i * 12_500 }));
const orders = new Map();
const ordersKept = 500;
const events = [];
const eventsKept = 1000;
let eventId = 0;
let taken = 0;

function produce(type, data) {
  eventId += 1;
  events.push({ id: eventId, queue, type, at: new Date().toISOString(), data });
  if (events.length > eventsKept) events.shift();
}

function hmacFits(secret, message, encoding, given) {
  const ours = Buffer.from(createHmac('sha256', secret).update(message).digest(encoding));
  const theirs = Buffer.from(given);
  return ours.length === theirs.length && timingSafeEqual(ours, theirs);
}

async function shopifyWebhook({ request, about }) {
  const raw = await body(request);
  const given = request.headers['x-shopify-hmac-sha256'];
  const topic = request.headers['x-shopify-topic'];
  const shop = request.headers['x-shopify-shop-domain'];
  const reason = !given ? 'missing_hmac' : hmacFits(process.env.SHOPIFY_WEBHOOK_SECRET ?? process.env.SHOPIFY_API_SECRET, raw, 'base64', given) ? undefined : 'invalid_hmac';
  if (reason) {
    log.warn('Shopify webhook signature verification failed', { reqId: about.reqId, topic, shop, reason });
    return { status: 401, json: { statusCode: 401, error: 'Unauthorized', message: 'webhook signature does not fit' } };
  }
  produce('shopify.webhook', { topic, shop });
  return { json: { received: true } };
}

async function verifyPayment({ request, about }) {
  const { razorpay_order_id: order, razorpay_payment_id: payment, razorpay_signature: signature } = await json(request);
  if (!order || !payment || !signature) return { status: 400, json: { statusCode: 400, error: 'Bad Request', message: 'razorpay_order_id, razorpay_payment_id and razorpay_signature are required' } };
  if (!hmacFits(process.env.RAZORPAY_KEY_SECRET, `${order}|${payment}`, 'hex', signature)) {
    log.warn('Razorpay BAD_REQUEST_ERROR: Signature Verification Failed', { reqId: about.reqId, order, payment, keyId: process.env.RAZORPAY_KEY_ID });
    return { status: 400, json: { error: { code: 'BAD_REQUEST_ERROR', description: 'Signature Verification Failed' } } };
  }
  produce('payment.verified', { order, payment });
  return { json: { verified: true, order, payment } };
}

async function placeOrder({ request }) {
  const { store, items = [] } = await json(request);
  if (tenants.get(store) !== 'active' || items.length === 0) return { status: 400, json: { statusCode: 400, error: 'Bad Request', message: 'an order needs a store of this platform and at least one item' } };
  const total = items.reduce((sum, { sku, quantity = 1 }) => sum + quantity * (catalog.find((one) => one.sku === sku)?.paise ?? 0), 0);
  const order = { id: randomUUID(), store, items, paise: total, at: new Date().toISOString() };
  orders.set(order.id, order);
  if (orders.size > ordersKept) orders.delete(orders.keys().next().value);
  produce('order.created', { id: order.id, store, paise: total });
  return { status: 201, json: order };
}

async function tenantDomain({ params }) {
  await delay(queryMs);
  const state = tenants.get(params.domain);
  const status = state === 'active' ? 200 : state ? 403 : 404;
  return { status, json: { domain: params.domain, valid: status === 200, state: state ?? 'unknown' } };
}

async function store({ params }) {
  await delay(queryMs);
  if (tenants.get(params.domain) !== 'active') return { status: 404, json: { statusCode: 404, error: 'Not Found', message: 'no store at this domain' } };
  const name = params.domain.split('.')[0].replace(/-/g, ' ');
  return { json: { domain: params.domain, name, products: catalog } };
}

function pending({ query }) {
  const after = Number(query.get('after') ?? 0);
  const named = query.get('queue') ?? 'store-events';
  if (named !== queue) return { json: { queue: named, events: [] } };
  taken = Math.max(taken, Math.min(after, eventId));
  return { json: { queue, last: eventId, events: events.filter((one) => one.id > after).slice(0, 100) } };
}

const found = (value) => (value ? { json: value } : { status: 404, json: { statusCode: 404, error: 'Not Found', message: 'not found' } });

components({ aurora: `${dbHost}:${dbPort}`, redis: `${redisHost}:${redisPort}`, firebaseProject, tenants: tenants.size });

serve({
  port: 3000,
  announce: true,
  routes: [
    ['GET', '/', () => ({ json: { service: 'fastify-nova' } })],
    ['GET', '/catalog', async () => { await delay(queryMs); return { json: catalog }; }],
    ['GET', '/catalog/:sku', ({ params }) => found(catalog.find((one) => one.sku === params.sku))],
    ['GET', '/orders', async () => { await delay(queryMs); return { json: [...orders.values()].slice(-50) }; }],
    ['POST', '/orders', placeOrder],
    ['GET', '/orders/:id', ({ params }) => found(orders.get(params.id))],
    ['GET', '/store/:domain', store],
    ['GET', '/validate_tenant_domain/:domain', tenantDomain],
    ['GET', '/reports/sales', async () => { await delay(reportMs); return { json: { orders: orders.size, paise: [...orders.values()].reduce((sum, one) => sum + one.paise, 0) } }; }],
    ['POST', '/webhooks/shopify', shopifyWebhook],
    ['POST', '/payments/verify', verifyPayment],
    ['GET', '/internal/events', pending],
    ['GET', '/internal/queues', () => ({ json: { [queue]: { waiting: eventId - taken, oldest: events.find((one) => one.id > taken)?.at ?? null } } })],
  ],
});

/** Products with their descriptions on the V8 heap: they count against --max-old-space-size and against the task's memory. */
async function fillCache(megabytes) {
  const cache = [];
  for (let i = 0; i < megabytes * 32; i += 1) {
    cache.push({ sku: `SKU-${1000 + i}`, description: randomBytes(16 * 1024).toString('hex') });
    if (i % 64 === 63) await nextTurn();
  }
  log.info('catalog cache filled', { products: cache.length, megabytes });
  return cache;
}

// Held for the life of the process.
globalThis.productCache = await fillCache(number('PRODUCT_CACHE_MB', 1));
