// Customer login on Express: customers in MySQL, sessions in Redis behind a signed cookie.
import { createServer } from 'node:http';
import { RedisStore } from 'connect-redis';
import express from 'express';
import session from 'express-session';
import { createPool } from 'mysql2/promise';
import pino from 'pino';
import { createClient } from 'redis';
import { close, front, healthPath, healthy, host, mysql, number, onStop, pool, port, redis, warmUp } from '../shared/service.mjs';

const log = pino({ level: process.env.LOG_LEVEL ?? 'info' });
const maxAge = number('SESSION_MAX_AGE_MS', 86_400_000);
const database = createPool({ ...mysql(), ...pool() });

const { tls, connectTimeout, db, password, ...at } = redis();
const sessions = createClient({
  socket: { ...at, connectTimeout, ...(tls && { tls: true, ...tls }) },
  database: db,
  password,
  // Without it a command waits for as long as Redis is away, and the visitor with it.
  commandOptions: { timeout: number('REDIS_COMMAND_TIMEOUT_MS', 5000) },
});
sessions.on('error', (err) => log.error({ err }, 'Redis Client Error'));
// Not awaited: the client connects for as long as it takes, and the service is up meanwhile, without logins.
sessions.connect().catch((err) => log.error({ err }, 'Redis Client Error'));

const app = express();
app.disable('x-powered-by');
app.set('trust proxy', process.env.TRUST_PROXY !== 'false');

app.use((request, response, next) => {
  const began = performance.now();
  response.on('close', () => {
    const about = { req: { method: request.method, url: request.originalUrl, host: request.headers.host, remoteAddress: request.socket.remoteAddress }, responseTime: performance.now() - began };
    if (response.writableFinished) log.info({ ...about, res: { statusCode: response.statusCode } }, 'request completed');
    else log.info(about, 'the client left before the answer');
  });
  next();
});
app.get(healthPath, (request, response) => response.json(healthy()));
app.use(express.json({ type: () => true }));
app.use(session({
  store: new RedisStore({ client: sessions }),
  secret: process.env.SESSION_SECRET,
  resave: false,
  saveUninitialized: false,
  cookie: { httpOnly: true, sameSite: 'lax', secure: process.env.COOKIE_SECURE !== 'false', maxAge },
}));

const refuse = (response, status, error, message) => response.status(status).json({ statusCode: status, error, message });
const emailOf = ({ body }) => (typeof body?.email === 'string' && body.email.includes('@') ? body.email : undefined);

async function start(request, response, sql) {
  const email = emailOf(request);
  if (!email) return refuse(response, 400, 'Bad Request', 'email is required');
  await database.query(sql, [email]);
  request.session.email = email;
  return response.json({ email });
}

app.get('/', (request, response) => response.type('html').send('<!doctype html><title>Account</title><h1>Your account</h1>'));
// A login is by a code sent to the address; the sending is no part of the lab, so the address is enough.
app.post('/login', (request, response) => start(request, response, 'INSERT INTO customers (email, last_login) VALUES (?, NOW()) ON DUPLICATE KEY UPDATE last_login = NOW()'));
app.post('/signup', (request, response) => start(request, response, 'INSERT INTO customers (email, last_login) VALUES (?, NOW())'));
app.get('/account', async (request, response) => {
  const { email } = request.session;
  if (!email) return refuse(response, 401, 'Unauthorized', 'log in first');
  const [[customer]] = await database.query('SELECT email, last_login AS lastLogin FROM customers WHERE email = ?', [email]);
  return customer ? response.json(customer) : refuse(response, 401, 'Unauthorized', 'log in first');
});
app.post('/logout', (request, response, next) => request.session.destroy((err) => (err ? next(err) : response.clearCookie('connect.sid').status(204).end())));

app.use((err, request, response, next) => {
  if (err.code === 'ER_DUP_ENTRY') return refuse(response, 409, 'Conflict', 'there is an account with this email');
  const status = err.status ?? 500;
  if (status >= 500) log.error({ req: { method: request.method, url: request.originalUrl }, err }, err.message);
  return response.headersSent ? next(err) : refuse(response, status, status < 500 ? 'Bad Request' : 'Internal Server Error', err.message);
});

const server = front(createServer(app));
onStop((line) => log.info(line), async () => {
  await close(server);
  await Promise.allSettled([sessions.isOpen && sessions.close(), database.end()]);
});
await warmUp();
server.listen(port(5174), host, () => log.info(`Server listening at http://${server.address().address}:${server.address().port}`));
