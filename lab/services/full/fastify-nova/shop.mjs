// Catalog, orders, stores and tenant domains in MySQL.
import { randomUUID } from 'node:crypto';
import { number } from '../shared/service.mjs';

const refused = (reply, status, error, message) => reply.code(status).send({ statusCode: status, error, message });
const reportMs = number('REPORT_DELAY_MS', 40);

export const shop = (database, queues) => async (scope) => {
  const rows = async (sql, values) => (await database.query(sql, values))[0];
  const stateOf = async (domain) => (await rows('SELECT state FROM tenants WHERE domain = ?', [domain]))[0]?.state;

  scope.get('/', () => ({ service: 'fastify-nova' }));
  scope.get('/catalog', () => rows('SELECT sku, title, paise FROM products ORDER BY sku'));
  scope.get('/catalog/:sku', async (request, reply) => {
    const [product] = await rows('SELECT sku, title, paise FROM products WHERE sku = ?', [request.params.sku]);
    return product ?? refused(reply, 404, 'Not Found', 'not found');
  });

  scope.get('/orders', () => rows('SELECT id, store, items, paise, created_at AS at FROM orders ORDER BY created_at DESC LIMIT 50'));
  scope.get('/orders/:id', async (request, reply) => {
    const [order] = await rows('SELECT id, store, items, paise, created_at AS at FROM orders WHERE id = ?', [request.params.id]);
    return order ?? refused(reply, 404, 'Not Found', 'not found');
  });
  scope.post('/orders', async (request, reply) => {
    const { store, items = [] } = request.body;
    if (items.length === 0 || (await stateOf(store)) !== 'active') return refused(reply, 400, 'Bad Request', 'an order needs a store of this platform and at least one item');
    const prices = new Map((await rows('SELECT sku, paise FROM products')).map((one) => [one.sku, one.paise]));
    const paise = items.reduce((sum, { sku, quantity = 1 }) => sum + quantity * (prices.get(sku) ?? 0), 0);
    const order = { id: randomUUID(), store, items, paise, at: new Date() };
    await rows('INSERT INTO orders (id, store, items, paise, created_at) VALUES (?, ?, ?, ?, ?)', [order.id, store, JSON.stringify(items), paise, order.at]);
    await queues.produce('order.created', { id: order.id, store, paise });
    return reply.code(201).send(order);
  });

  scope.get('/store/:domain', async (request, reply) => {
    const [store] = await rows("SELECT domain, name FROM tenants WHERE domain = ? AND state = 'active'", [request.params.domain]);
    return store ? { ...store, products: await rows('SELECT sku, title, paise FROM products ORDER BY sku') } : refused(reply, 404, 'Not Found', 'no store at this domain');
  });
  scope.get('/validate_tenant_domain/:domain', async (request, reply) => {
    const { domain } = request.params;
    const state = await stateOf(domain);
    const status = state === 'active' ? 200 : state ? 403 : 404;
    return reply.code(status).send({ domain, valid: status === 200, state: state ?? 'unknown' });
  });

  // The database itself takes REPORT_DELAY_MS for it, so a slow report is a slow query.
  scope.get('/reports/sales', async () => {
    await rows('SELECT SLEEP(?)', [reportMs / 1000]);
    const [{ orders, paise }] = await rows('SELECT COUNT(*) AS orders, COALESCE(SUM(paise), 0) AS paise FROM orders');
    return { orders, paise: Number(paise) };
  });

  scope.get('/internal/queues', () => queues.counts());
};
