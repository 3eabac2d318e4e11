import { core } from '../lib/core.js';

/** Caddy's question before it has a certificate made: 200 for a domain of a tenant, anything else is no. */
export async function GET({ url }) {
  const domain = url.searchParams.get('domain');
  if (!domain) return Response.json({ allowed: false, reason: 'domain is required' }, { status: 400 });
  const answer = await core(`/validate_tenant_domain/${encodeURIComponent(domain)}`);
  if (answer.status >= 500) throw new Error(`API ${answer.status}`);
  return answer.ok ? Response.json({ allowed: true }) : Response.json({ allowed: false, reason: 'not a tenant domain' }, { status: 403 });
}
