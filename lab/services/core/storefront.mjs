// Merchant storefronts, rendered on the server: every page asks the core API for the store of its domain.
import { inspect } from 'node:util';
import { components, number, serve } from './core.mjs';

const [dbHost, dbPort = process.env.DB_PORT ?? '3306'] = process.env.DB_HOST.split(':');
// Read where it is used and never checked, as in a page's own script: unset is found out by the first visitor.
const coreApi = process.env.CORE_API_URL;
const timeoutMs = number('UPSTREAM_TIMEOUT_MS', 10_000);

const core = (path) => fetch(`${coreApi}${path}`, { signal: AbortSignal.timeout(timeoutMs) });
const escape = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
const rupees = (paise) => `₹${(paise / 100).toFixed(2)}`;

async function page({ request }) {
  const domain = (request.headers['x-forwarded-host'] ?? request.headers.host ?? '').replace(/:\d+$/, '');
  const response = await core(`/store/${encodeURIComponent(domain)}`);
  if (response.status === 404) return { status: 404, html: `<!doctype html><title>No shop here</title><h1>No shop at ${escape(domain)}</h1>` };
  if (!response.ok) throw new Error(`API ${response.status}`);
  const { name, products } = await response.json();
  const list = products.map((one) => `<li>${escape(one.title)} <b>${rupees(one.paise)}</b></li>`).join('');
  return { html: `<!doctype html><html lang="en"><title>${escape(name)}</title><h1>${escape(name)}</h1><ul>${list}</ul></html>` };
}

async function allowCert({ query }) {
  const domain = query.get('domain');
  if (!domain) return { status: 400, json: { allowed: false, reason: 'domain is required' } };
  const response = await core(`/validate_tenant_domain/${encodeURIComponent(domain)}`);
  if (response.status >= 500) throw new Error(`API ${response.status}`);
  return response.ok ? { json: { allowed: true } } : { status: 403, json: { allowed: false, reason: 'not a tenant domain' } };
}

/** Astro's own line: local time, the label, the error with its stack, and nothing of its cause. */
function logAsAstro(error) {
  const time = new Date().toTimeString().slice(0, 8);
  const first = `${error.name}: ${error.message}`;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const input = error.cause?.input === undefined ? [] : [`  input: ${inspect(error.cause.input)}`];
  process.stderr.write(`${[`${time} [ERROR] ${first}`, ...frames, ...input].join('\n')}\n`);
}

components({ aurora: `${dbHost}:${dbPort}`, coreApi });

serve({
  port: 4321,
  fails: logAsAstro,
  routes: [
    ['GET', '/allow-cert', allowCert],
    ['GET', '/*', page],
  ],
});
