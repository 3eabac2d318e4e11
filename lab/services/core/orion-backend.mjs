// Internal admin API: stores and analytics for the admin and seller panels, which call it from a browser.
import { setTimeout as delay } from 'node:timers/promises';
import { components, number, serve } from './core.mjs';

/** As Nest's ConfigService does it, in its words. */
function getOrThrow(key) {
  const value = process.env[key];
  if (value === undefined) throw new TypeError(`Configuration key "${key}" does not exist`);
  return value;
}

const databaseModules = {
  mysql: { forRoot: (options) => ({ aurora: `${options.host}:${options.port}`, schema: options.database }) },
};

const database = databaseModules[process.env.DB_TYPE].forRoot({
  host: getOrThrow('DB_HOST'),
  port: process.env.DB_PORT ?? '3306',
  username: getOrThrow('DB_USER'),
  password: getOrThrow('DB_PASSWORD'),
  database: process.env.DB_NAME ?? 'astro_primary',
});
const clickhouse = new URL(`http://${getOrThrow('CH_HOST')}:${process.env.CH_PORT ?? '8123'}`);
const origins = process.env.CORS_ORIGINS.split(',').map((one) => one.trim());
const reportMs = number('REPORT_DELAY_MS', 40);

const stores = [
  { id: 1, domain: 'asha-sarees.example', plan: 'growth', orders: 412 },
  { id: 2, domain: 'kiran-books.example', plan: 'starter', orders: 96 },
  { id: 3, domain: 'old-shop.example', plan: 'starter', orders: 3 },
];

/** An origin outside the list gets the same status and no header: the browser is what blocks. */
function cors({ request, response }) {
  const { origin } = request.headers;
  response.setHeader('vary', 'Origin');
  if (origin && origins.includes(origin)) {
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-allow-credentials', 'true');
  }
  if (request.method !== 'OPTIONS') return undefined;
  return {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET,HEAD,PUT,PATCH,POST,DELETE',
      'access-control-allow-headers': request.headers['access-control-request-headers'] ?? 'content-type,authorization',
    },
  };
}

async function analytics() {
  await delay(reportMs);
  return { json: { source: 'memory', rows: stores.map(({ domain, orders }) => ({ domain, orders })) } };
}

components({ ...database, clickhouse: clickhouse.host, corsOrigins: origins });

serve({
  port: 3022,
  before: cors,
  routes: [
    ['GET', '/', () => ({ json: { service: 'orion-backend' } })],
    ['GET', '/stores', () => ({ json: stores })],
    ['GET', '/stores/:id', ({ params }) => {
      const one = stores.find((store) => store.id === Number(params.id));
      return one ? { json: one } : { status: 404, json: { statusCode: 404, error: 'Not Found', message: 'no such store' } };
    }],
    ['GET', '/analytics/orders', analytics],
  ],
});
