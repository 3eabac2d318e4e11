// What every service of the core profile shares: its log, its HTTP front, its end.
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

const levels = { trace: 10, debug: 20, info: 30, warn: 40, error: 50, fatal: 60, silent: Infinity };
const threshold = levels[process.env.LOG_LEVEL ?? 'info'];
// The words are pino's own for a level it does not have.
if (threshold === undefined) throw new Error(`default level:${process.env.LOG_LEVEL} must be included in custom levels`);

const from = { pid: process.pid, hostname: hostname() };

function write(level, msg, fields) {
  // Standard output to a pipe is synchronous in Node on Linux: a line written before a crash is not lost.
  if (level >= threshold) process.stdout.write(`${JSON.stringify({ level, time: Date.now(), ...from, ...fields, msg })}\n`);
}

export const log = {
  debug: (msg, fields) => write(levels.debug, msg, fields),
  info: (msg, fields) => write(levels.info, msg, fields),
  warn: (msg, fields) => write(levels.warn, msg, fields),
  error: (msg, fields) => write(levels.error, msg, fields),
};

/** A setting that is a number. A value that is no number stays NaN: what Node makes of that is the service's fault to show. */
export const number = (name, otherwise) => Number(process.env[name] ?? otherwise);

/** Milliseconds to go on answering after SIGTERM, while the load balancer takes this target out. */
const drainMs = number('DRAIN_MS', 0);
/** Milliseconds that open requests get to finish once no new one is taken. With DRAIN_MS unset the process ends within a second. */
const graceMs = 800;

/** An error as pino's serializer gives it: the causes join the message and the stack. */
export function failure(error) {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  const chain = [];
  for (let at = error; at instanceof Error && !chain.includes(at); at = at.cause) chain.push(at);
  return {
    type: error.constructor.name,
    message: chain.map((one) => one.message).join(': '),
    stack: chain.map((one) => one.stack).join('\ncaused by: '),
    ...error,
  };
}

/** Names the components that the settings point at, and says that this profile does not connect to them. */
export function components(named) {
  log.info('core profile: no database behind this service', { configured: named });
}

let stopping = false;
export const isStopping = () => stopping;

/** Ends the process with 0 on SIGTERM and SIGINT, after `finish` has run. */
export function onStop(finish) {
  const stop = async (signal) => {
    if (stopping) return;
    stopping = true;
    log.info(`${signal} received, draining`, { drainMs });
    await delay(drainMs);
    await finish();
    log.info('stopped');
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

/** Takes no new connection, lets open requests finish for the grace, then cuts them. */
export function close(...servers) {
  return Promise.all(servers.map((server) => new Promise((done) => {
    const cut = setTimeout(() => { server.closeAllConnections(); done(); }, graceMs);
    server.close(() => { clearTimeout(cut); done(); });
    server.closeIdleConnections();
  })));
}

export const address = ({ address: host, port, family }) => (family === 'IPv6' ? `[${host}]:${port}` : `${host}:${port}`);

/** The whole body as bytes; above a megabyte the request is refused with 413. */
export async function body(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > 1 << 20) throw Object.assign(new Error('Request body is too large'), { statusCode: 413 });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The body as JSON; text that is none is refused with 400. */
export async function json(request) {
  const text = (await body(request)).toString();
  try {
    return JSON.parse(text);
  } catch {
    throw Object.assign(new Error('Body is not valid JSON but content-type is set to \'application/json\''), { statusCode: 400 });
  }
}

const names = { 400: 'Bad Request', 404: 'Not Found', 413: 'Payload Too Large', 500: 'Internal Server Error' };
const traceContext = 'a'.repeat(number('TRACE_HEADER_BYTES', 0));

function matcher([method, pattern, handle]) {
  const keys = [];
  const source = pattern.replace(/:(\w+)/g, (_, key) => (keys.push(key), '([^/]+)')).replace(/\*$/, '.*');
  return { method, path: new RegExp(`^${source}/?$`), keys, handle };
}

function choose(table, method, path) {
  const fit = table.filter((route) => route.path.test(path));
  return fit.find((one) => one.method === method) ?? (method === 'HEAD' ? fit.find((one) => one.method === 'GET') : undefined);
}

function valuesOf(route, path) {
  const values = route.path.exec(path).slice(1).map(decodeURIComponent);
  return Object.fromEntries(route.keys.map((key, i) => [key, values[i]]));
}

function send(response, { status = 200, json: value, html, headers = {} }) {
  const text = html ?? (value === undefined ? '' : JSON.stringify(value));
  const type = html === undefined ? 'application/json; charset=utf-8' : 'text/html; charset=utf-8';
  if (stopping) response.setHeader('connection', 'close');
  if (traceContext) response.setHeader('x-trace-context', traceContext);
  response.writeHead(status, { ...(text && { 'content-type': type }), 'content-length': Buffer.byteLength(text), ...headers });
  response.end(response.req.method === 'HEAD' ? undefined : text);
}

function refuse(error, about, fails) {
  const status = error.statusCode ?? (error instanceof URIError ? 400 : 500);
  const message = error.message;
  if (status < 500) log.info(message, { ...about, res: { statusCode: status } });
  else if (fails) fails(error);
  else log.error(message, { ...about, res: { statusCode: status }, err: failure(error) });
  return { status, json: { statusCode: status, error: names[status], message } };
}

/**
 * An HTTP service: routes are [method, pattern, handler]; a handler gives { status, json | html, headers }.
 * `before` runs ahead of everything but the health check. `fails` logs an error in the service's own manner.
 * `announce` logs a request when it comes as well as when it ends, as Fastify does.
 */
export function serve({ port, routes, before, fails, announce = false }) {
  const health = process.env.HEALTH_PATH ?? '/health';
  const table = [['GET', health, () => ({ json: { status: 'ok', uptime: Math.round(process.uptime()) } })], ...routes].map(matcher);
  let requests = 0;

  async function answer(request, response, about) {
    const url = new URL(request.url, 'http://service');
    const path = url.pathname;
    const context = { request, response, about, query: url.searchParams };
    const early = before && path !== health ? await before(context) : undefined;
    if (early) return early;
    const route = choose(table, request.method, path);
    if (!route) return { status: 404, json: { message: `Route ${request.method}:${request.url} not found`, error: names[404], statusCode: 404 } };
    return route.handle({ ...context, params: valuesOf(route, path) });
  }

  const server = createServer(async (request, response) => {
    const began = performance.now();
    requests += 1;
    const { remoteAddress, remotePort } = request.socket;
    const about = { reqId: `req-${requests.toString(36)}`, req: { method: request.method, url: request.url, host: request.headers.host, remoteAddress, remotePort } };
    if (announce) log.info('incoming request', about);
    response.on('close', () => {
      const ends = { ...(announce ? { reqId: about.reqId } : about), responseTime: performance.now() - began };
      if (response.writableFinished) log.info('request completed', { ...ends, res: { statusCode: response.statusCode } });
      else log.info('the client left before the answer', ends);
    });
    send(response, await answer(request, response, about).catch((error) => refuse(error, about, fails)));
  });
  // Longer than the load balancer's idle time (60 s), or it reuses a connection that this side has just closed.
  server.keepAliveTimeout = number('KEEP_ALIVE_MS', 72_000);

  onStop(() => close(server));
  // Whatever a real service does before it listens (migrations, caches) is this many milliseconds here.
  setTimeout(() => {
    if (stopping) return;
    server.listen(number('PORT', port), process.env.HOST ?? '0.0.0.0', () => log.info(`Server listening at http://${address(server.address())}`));
  }, number('WARMUP_MS', 0));
}
