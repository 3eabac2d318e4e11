// Customer login: sessions behind a signed cookie. In core the sessions live in this process and end with it.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { components, json, log, number, serve } from './core.mjs';

const [dbHost, dbPort = process.env.DB_PORT ?? '3306'] = process.env.DB_HOST.split(':');
const [redisHost, redisPort = '6379'] = process.env.REDIS_HOST.split(':');
const secret = process.env.SESSION_SECRET;
const secureCookie = process.env.COOKIE_SECURE !== 'false';
const trustProxy = process.env.TRUST_PROXY !== 'false';
const maxAgeMs = number('SESSION_MAX_AGE_MS', 86_400_000);

const cookieName = 'connect.sid';
const sessions = new Map();
const sessionsKept = 5000;

const sign = (id) => createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, '');

function sessionOf({ request, about }) {
  const cookie = request.headers.cookie?.split(';').map((one) => one.trim().split('=')).find(([name]) => name === cookieName)?.[1];
  if (!cookie) return undefined;
  const [id, signature = ''] = decodeURIComponent(cookie).replace(/^s:/, '').split(/\.(.*)/s);
  const ours = Buffer.from(sign(id));
  const theirs = Buffer.from(signature);
  if (ours.length !== theirs.length || !timingSafeEqual(ours, theirs)) {
    log.warn('session cookie signature invalid, the visitor starts anew', { reqId: about.reqId });
    return undefined;
  }
  const session = sessions.get(id);
  if (!session || session.until < Date.now()) {
    log.info('session is unknown here or over, the visitor starts anew', { reqId: about.reqId });
    return undefined;
  }
  return session;
}

const encrypted = (request) => trustProxy && request.headers['x-forwarded-proto']?.split(',')[0].trim() === 'https';

async function login(context) {
  const { email } = await json(context.request);
  if (typeof email !== 'string' || !email.includes('@')) return { status: 400, json: { statusCode: 400, error: 'Bad Request', message: 'email is required' } };
  const id = randomBytes(24).toString('base64url');
  sessions.set(id, { id, email, until: Date.now() + maxAgeMs });
  if (sessions.size > sessionsKept) sessions.delete(sessions.keys().next().value);
  if (secureCookie && !encrypted(context.request)) {
    // A browser would not send it back, so it is not set: express-session does the same.
    log.warn('session cookie withheld: it is for https only and this request counts as plain http', { reqId: context.about.reqId, trustProxy });
    return { json: { email } };
  }
  const cookie = `${cookieName}=${encodeURIComponent(`s:${id}.${sign(id)}`)}; Path=/; Max-Age=${Math.round(maxAgeMs / 1000)}; HttpOnly; SameSite=Lax${secureCookie ? '; Secure' : ''}`;
  return { json: { email }, headers: { 'set-cookie': cookie } };
}

function account(context) {
  const session = sessionOf(context);
  return session ? { json: { email: session.email } } : { status: 401, json: { statusCode: 401, error: 'Unauthorized', message: 'log in first' } };
}

function logout(context) {
  const session = sessionOf(context);
  if (session) sessions.delete(session.id);
  return { status: 204, headers: { 'set-cookie': `${cookieName}=; Path=/; Max-Age=0` } };
}

components({ aurora: `${dbHost}:${dbPort}`, redis: `${redisHost}:${redisPort}`, sessions: 'in this process' });

serve({
  port: 5174,
  // The session layer stands before every route but the health check, and refuses in express-session's words.
  before() {
    if (!secret) throw new Error('secret option required for sessions');
  },
  routes: [
    ['GET', '/', () => ({ html: '<!doctype html><title>Account</title><h1>Your account</h1>' })],
    ['POST', '/login', login],
    ['POST', '/signup', login],
    ['GET', '/account', account],
    ['POST', '/logout', logout],
  ],
});
