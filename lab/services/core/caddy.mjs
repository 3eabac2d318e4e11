// The storefront's TLS front in the core profile, in the place of its Caddy sidecar. It is a small proxy of the lab and not Caddy.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, get, request as ask } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import { promisify } from 'node:util';
import { address, close, failure, log, number, onStop } from './core.mjs';

const run = promisify(execFile);
const upstream = new URL(process.env.UPSTREAM);
const askUrl = new URL(process.env.ASK_URL);
const [issuer, ...issuerArguments] = JSON.parse(process.env.LAB_ISSUE);
const ownName = process.env.PLATFORM_HOST ?? 'app.zelly.in';
const own = { cert: readFileSync(process.env.LAB_CERT_FILE), key: readFileSync(process.env.LAB_KEY_FILE) };
const host = process.env.HOST ?? '0.0.0.0';
const tlsPort = number('TLS_PORT', 443);
const askMs = 10_000;

/** A TLS alert record: fatal, internal_error. A server that has no certificate for a name ends the handshake with it. */
const internalError = Buffer.from([0x15, 0x03, 0x03, 0x00, 0x02, 0x02, 0x50]);
const contextsKept = 200;
const contexts = new Map();
const sockets = new Map();
const peer = (socket) => `${socket.remoteAddress}:${socket.remotePort}`;

function allowed(domain) {
  return new Promise((resolve, reject) => {
    const url = new URL(askUrl);
    url.searchParams.set('domain', domain);
    const request = get(url, { timeout: askMs, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode >= 200 && response.statusCode < 300);
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${askMs} ms`)));
    request.on('error', reject);
  });
}

async function issue(domain) {
  const { stdout } = await run(issuer, [...issuerArguments, domain], { timeout: askMs, maxBuffer: 1 << 20 });
  log.info('certificate issued on demand', { domain });
  return createSecureContext({ cert: stdout, key: stdout });
}

/** The context for a name, or undefined where the name may have none. A denial is not remembered and, at this level, not logged. */
async function contextFor(domain) {
  try {
    if (!(await allowed(domain))) {
      log.debug('the ask endpoint does not allow this name', { domain });
      return undefined;
    }
  } catch (error) {
    log.error('the ask endpoint did not answer', { domain, url: askUrl.href, err: failure(error) });
    return undefined;
  }
  try {
    return await issue(domain);
  } catch (error) {
    log.error('no certificate could be issued', { domain, err: failure(error) });
    return undefined;
  }
}

/** One question and one certificate per name at a time, however many visitors come at once. */
function remembered(domain) {
  const known = contexts.get(domain);
  if (known) return known;
  const coming = contextFor(domain);
  contexts.set(domain, coming);
  if (contexts.size > contextsKept) contexts.delete(contexts.keys().next().value);
  coming.then((context) => { if (!context) contexts.delete(domain); });
  return coming;
}

async function choose(name, callback) {
  if (name === ownName) return callback(null, null);
  const key = peer(this);
  const context = await remembered(name.toLowerCase());
  if (context) return callback(null, context);
  const raw = sockets.get(key);
  return raw?.write(internalError, () => raw.destroy());
}

function proxy(request, response) {
  const began = performance.now();
  const { remoteAddress } = request.socket;
  const about = { req: { method: request.method, url: request.url, host: request.headers.host, remoteAddress } };
  response.on('close', () => log.info('request completed', { ...about, res: { statusCode: response.statusCode }, responseTime: performance.now() - began }));
  const onward = ask(upstream, {
    path: request.url,
    method: request.method,
    headers: { ...request.headers, 'x-forwarded-for': remoteAddress, 'x-forwarded-proto': 'https', 'x-forwarded-host': request.headers.host },
  }, (answer) => {
    response.writeHead(answer.statusCode, answer.headers);
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  onward.on('error', (error) => {
    log.error('the storefront did not answer', { ...about, upstream: upstream.host, err: failure(error) });
    if (response.headersSent) response.destroy();
    else response.writeHead(502).end();
  });
  response.on('close', () => onward.destroy());
  request.pipe(onward);
}

function plain(request, response) {
  if (request.url === '/health') return response.end('ok');
  const name = (request.headers.host ?? ownName).replace(/:\d+$/, '');
  response.writeHead(308, { location: `https://${name}${tlsPort === 443 ? '' : `:${tlsPort}`}${request.url}`, connection: 'close' });
  return response.end();
}

const secure = createTlsServer({ ...own, SNICallback: choose, handshakeTimeout: 2 * askMs }, proxy);
secure.on('connection', (socket) => {
  const key = peer(socket);
  sockets.set(key, socket);
  socket.on('close', () => sockets.delete(key));
});
secure.on('tlsClientError', (error, socket) => log.debug('a handshake came to nothing', { remoteAddress: socket.remoteAddress, err: failure(error) }));
const redirect = createServer(plain);

onStop(() => close(secure, redirect));
secure.listen(tlsPort, host, () => log.info(`TLS front of the lab listening at https://${address(secure.address())}`, { upstream: upstream.host, ask: askUrl.href }));
redirect.listen(number('HTTP_PORT', 80), host, () => log.info(`Server listening at http://${address(redirect.address())}`));
