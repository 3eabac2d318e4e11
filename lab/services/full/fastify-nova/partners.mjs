// Firebase tokens, Razorpay payments and Shopify webhooks: each checked by the partner's own library.
import '@shopify/shopify-api/adapters/node';
import { ApiVersion, LogSeverity, shopifyApi } from '@shopify/shopify-api';
import { cert, initializeApp } from 'firebase-admin/app';
import { getAuth } from 'firebase-admin/auth';
import Razorpay from 'razorpay';
import { validatePaymentVerification } from 'razorpay/dist/utils/razorpay-utils.js';

const refused = (reply, status, error, message) => reply.code(status).send({ statusCode: status, error, message });

/** At start: a service account that cannot be used ends the process. */
export function firebase() {
  const app = initializeApp({ credential: cert(JSON.parse(process.env.FIREBASE_SERVICE_ACCOUNT)) });
  return getAuth(app);
}

let shopifyLibrary;

/** At the first webhook, so a missing secret is found out by the first delivery and not by the start. */
function shopify(log) {
  shopifyLibrary ??= shopifyApi({
    apiKey: process.env.SHOPIFY_API_KEY ?? 'lab-shopify-app',
    apiSecretKey: process.env.SHOPIFY_WEBHOOK_SECRET ?? process.env.SHOPIFY_API_SECRET,
    apiVersion: ApiVersion.July26 ?? Object.values(ApiVersion).at(-1),
    hostName: 'api.zelly.in',
    isEmbeddedApp: false,
    logger: { level: LogSeverity.Info, log: (severity, text) => log[severity === LogSeverity.Error ? 'error' : severity === LogSeverity.Warning ? 'warn' : 'info'](text) },
  });
  return shopifyLibrary;
}

function razorpay() {
  const client = new Razorpay({ key_id: process.env.RAZORPAY_KEY_ID, key_secret: process.env.RAZORPAY_KEY_SECRET });
  if (process.env.RAZORPAY_API_URL) client.api.rq.defaults.baseURL = process.env.RAZORPAY_API_URL;
  return client;
}

/** The signature is over the bytes as they came, so these routes get the body unparsed. */
export const webhooks = (queues) => async (scope) => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => done(null, body));
  scope.post('/webhooks/shopify', async (request, reply) => {
    const { valid, reason, missingHeaders, topic, domain, webhookId } = await shopify(request.log).webhooks.validate({ rawBody: request.body.toString(), rawRequest: request.raw, rawResponse: reply.raw });
    if (!valid) {
      request.log.warn({ topic: request.headers['x-shopify-topic'], shop: request.headers['x-shopify-shop-domain'], reason, missingHeaders }, 'Shopify webhook signature verification failed');
      return refused(reply, 401, 'Unauthorized', 'webhook signature does not fit');
    }
    await queues.takeIn({ webhookId, topic, shop: domain });
    return { received: true };
  });
};

export const payments = (queues) => async (scope) => {
  scope.post('/payments/verify', async (request, reply) => {
    const { razorpay_order_id: order, razorpay_payment_id: payment, razorpay_signature: signature } = request.body;
    // The library answers false and prints nothing: this line is the service's own, as in every program that uses it.
    if (!validatePaymentVerification({ order_id: order, payment_id: payment }, signature, process.env.RAZORPAY_KEY_SECRET)) {
      request.log.warn({ order, payment, keyId: process.env.RAZORPAY_KEY_ID }, 'Razorpay BAD_REQUEST_ERROR: Signature Verification Failed');
      return reply.code(400).send({ error: { code: 'BAD_REQUEST_ERROR', description: 'Signature Verification Failed' } });
    }
    await queues.produce('payment.verified', { order, payment });
    return { verified: true, order, payment };
  });

  scope.post('/payments/orders', async (request, reply) => {
    try {
      return await razorpay().orders.create({ amount: request.body.paise, currency: 'INR' });
    } catch (error) {
      // The library throws plain objects for answers of the API, and Errors for everything else.
      if (error instanceof Error) throw error;
      request.log.error({ razorpay: error }, `Razorpay ${error.statusCode}: ${error.error?.code} ${error.error?.description}`);
      return reply.code(502).send(error);
    }
  });
};

export const accounts = (auth) => async (scope) => {
  scope.get('/me', async (request, reply) => {
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
    try {
      const { uid, email } = await auth.verifyIdToken(token);
      return { uid, email };
    } catch (err) {
      request.log.warn({ err }, 'Firebase token refused');
      return refused(reply, 401, 'Unauthorized', 'token refused');
    }
  });
};
