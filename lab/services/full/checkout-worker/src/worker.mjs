// The checkout as a Cloudflare Worker: takes a cart and places the order with the core API. Its bindings are its only settings.
const json = (value, status = 200) => Response.json(value, { status });

async function checkout(request, env) {
  const { store, items } = await request.json();
  const answer = await fetch(new URL('/orders', env.CORE_API_URL), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ store, items: items.map(({ sku, quantity }) => ({ sku, quantity })) }),
  });
  const order = await answer.json();
  return answer.ok ? json({ order: order.id, paise: order.paise }, 201) : json({ error: order.message }, answer.status);
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === '/health') return json({ status: 'ok' });
    if (pathname === '/checkout' && request.method === 'POST') return checkout(request, env);
    return json({ error: 'not found' }, 404);
  },
};
