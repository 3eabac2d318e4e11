// What every service of the full profile shares: settings, connections to the components, its HTTP front, its end.
// The settings are those of the core profile, so a fault of a setting works in both.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A setting that is a number. A value that is no number stays NaN: what the library makes of that is the service's fault to show. */
export const number = (name, otherwise) => Number(process.env[name] ?? otherwise);

const on = (name) => process.env[name] === 'true';
const authority = (name) => (process.env[name] ? { ca: readFileSync(process.env[name], 'utf8') } : {});

/** Of mysql2. DB_SSL=true is TLS with the authority in the file DB_CA, or else the system's. */
export function mysql() {
  const [host, port = process.env.DB_PORT ?? '3306'] = process.env.DB_HOST.split(':');
  return {
    host,
    port: Number(port),
    user: process.env.DB_USER,
    password: process.env.DB_PASSWORD,
    database: process.env.DB_NAME,
    connectTimeout: number('DB_CONNECT_TIMEOUT_MS', 10_000),
    ...(on('DB_SSL') && { ssl: { rejectUnauthorized: true, ...authority('DB_CA') } }),
  };
}

/** Options of the pool beside those of its connections. DB_QUEUE_LIMIT 0 is no limit. */
export const pool = () => ({ connectionLimit: number('DB_POOL', 5), queueLimit: number('DB_QUEUE_LIMIT', 0), maxIdle: 2, idleTimeout: 30_000 });

/** Host, port, token and TLS of Redis. REDIS_TLS=true is TLS with the authority in REDIS_CA, or else the system's. */
export function redis() {
  const [host, port = process.env.REDIS_PORT ?? '6379'] = process.env.REDIS_HOST.split(':');
  return {
    host,
    port: Number(port),
    password: process.env.REDIS_AUTH_TOKEN,
    db: number('REDIS_DB', 0),
    connectTimeout: number('REDIS_CONNECT_TIMEOUT_MS', 10_000),
    tls: on('REDIS_TLS') ? authority('REDIS_CA') : undefined,
  };
}

/** Of @clickhouse/client. */
export function clickhouse() {
  const [host, port = process.env.CH_PORT ?? '8123'] = process.env.CH_HOST.split(':');
  return {
    url: `http://${host}:${port}`,
    database: process.env.CH_DATABASE,
    username: process.env.CH_USER ?? 'default',
    password: process.env.CH_PASSWORD ?? '',
    request_timeout: number('CH_TIMEOUT_MS', 10_000),
  };
}

export const host = process.env.HOST ?? '0.0.0.0';
export const port = (otherwise) => number('PORT', otherwise);
export const healthPath = process.env.HEALTH_PATH ?? '/health';
/** Longer than the load balancer's idle time (60 s), or it reuses a connection that this side has just closed. */
export const keepAliveMs = number('KEEP_ALIVE_MS', 72_000);
export const healthy = () => ({ status: 'ok', uptime: Math.round(process.uptime()) });

/** Whatever a service does before it listens, beside what it does anyway, takes this long. */
export const warmUp = () => delay(number('WARMUP_MS', 0));

const traceContext = 'a'.repeat(number('TRACE_HEADER_BYTES', 0));
/** Milliseconds to go on answering after SIGTERM, while the load balancer takes this target out. */
const drainMs = number('DRAIN_MS', 0);
/** Milliseconds that open requests get to finish once no new one is taken. */
const graceMs = 800;
let stopping = false;

/** Puts the settings that concern every answer onto a server, whatever framework made it. */
export function front(server) {
  server.keepAliveTimeout = keepAliveMs;
  server.prependListener('request', (request, response) => {
    if (traceContext) response.setHeader('x-trace-context', traceContext);
    if (stopping) response.setHeader('connection', 'close');
  });
  return server;
}

/** Takes no new connection, lets open requests finish for the grace, then cuts them. */
export function close(server) {
  return new Promise((done) => {
    const cut = setTimeout(() => { server.closeAllConnections(); done(); }, graceMs);
    server.close(() => { clearTimeout(cut); done(); });
    server.closeIdleConnections();
  });
}

/** Ends the process with 0 on SIGTERM and SIGINT once `finish` is through; `say` writes a line into the service's own log. */
export function onStop(say, finish) {
  const stop = async (signal) => {
    if (stopping) return;
    stopping = true;
    say(`${signal} received, draining`);
    await delay(drainMs);
    // A component that does not answer must not hold the end up.
    await Promise.race([finish(), delay(2 * graceMs)]);
    say('stopped');
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
