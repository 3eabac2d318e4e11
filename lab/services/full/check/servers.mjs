// Real MariaDB, Redis and ClickHouse for the check, on addresses of their own in 127.0.0.0/8 with the platform's usual ports.
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const at = { aurora: '127.60.1.10', redis: '127.60.1.11', clickhouse: '127.60.1.12', nobody: '127.60.1.99', filtered: '127.60.1.98', plainRedis: '127.60.1.13' };
export const token = 'lab-redis-token';
export const master = 'lab-master-password';

const root = process.getuid() === 0;
const limitMs = 30_000;
const schema = (name) => readFileSync(new URL(`../schema/${name}`, import.meta.url), 'utf8');
const spawned = new Set();

export async function until(what, holds) {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await delay(25);
  }
}

function run(program, args) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { child.text += chunk; });
  child.ended = new Promise((resolve) => { child.on('close', (code, signal) => { spawned.delete(child); resolve(signal ?? code); }); });
  spawned.add(child);
  return child;
}

/** A small authority and one certificate for all servers, with their addresses as names. */
function certificates(folder) {
  const openssl = (...args) => execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=LAB CA', '-days', '2');
  openssl('req', ...key, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=lab servers');
  writeFileSync(join(folder, 'names'), `subjectAltName=${Object.values(at).map((one) => `IP:${one}`).join(',')}\n`);
  openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names', '-out', 'server.pem');
  chmodSync(join(folder, 'server.key'), 0o644);
  return { ca: join(folder, 'ca.pem'), caText: readFileSync(join(folder, 'ca.pem'), 'utf8'), cert: join(folder, 'server.pem'), key: join(folder, 'server.key') };
}

async function aurora(folder, tls) {
  const data = join(folder, 'mysql');
  const socket = join(data, 'server.sock');
  execFileSync('mariadb-install-db', ['--no-defaults', `--datadir=${data}`, '--skip-test-db', '--auth-root-authentication-method=normal', ...(root ? ['--user=mysql'] : [])], { stdio: 'ignore' });
  const sql = (text) => execFileSync('mariadb', ['--no-defaults', '-uroot', `--socket=${socket}`, '-N'], { input: text, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] }).trim();
  const start = async () => {
    const child = run('mariadbd', ['--no-defaults', ...(root ? ['--user=mysql'] : []), `--datadir=${data}`, `--socket=${socket}`, '--port=3306', `--bind-address=${at.aurora}`, `--pid-file=${join(data, 'server.pid')}`,
      '--skip-log-bin', '--innodb-buffer-pool-size=32M', '--innodb-flush-log-at-trx-commit=0', '--skip-name-resolve', `--ssl-ca=${tls.ca}`, `--ssl-cert=${tls.cert}`, `--ssl-key=${tls.key}`, '--require-secure-transport=ON']);
    await until('MariaDB answers', () => { try { return sql('SELECT 1'); } catch (error) { return child.exitCode === null ? error.ok : Promise.reject(new Error(child.text)); } });
    return child;
  };
  const server = { child: await start(), sql, async stop() { this.child.kill('SIGKILL'); await this.child.ended; }, async start() { this.child = await start(); } };
  sql(`SET @environment = 'production', @master_password = '${master}', @reader_password = 'lab-reader';\n${schema('mysql.sql')}`);
  return server;
}

async function redis(folder, tls) {
  const plain = (port, address, more) => run('redis-server', ['--port', port, '--bind', address, '--dir', folder, '--save', '', '--appendonly', 'no', '--protected-mode', 'no', ...more]);
  const start = async () => {
    const child = plain('0', at.redis, ['--requirepass', token, '--tls-port', '6379', '--tls-cert-file', tls.cert, '--tls-key-file', tls.key, '--tls-ca-cert-file', tls.ca, '--tls-auth-clients', 'no']);
    await until('Redis is ready', () => /Ready to accept/.test(child.text));
    return child;
  };
  const other = plain('6379', at.plainRedis, []);
  await until('the plain Redis is ready', () => /Ready to accept/.test(other.text));
  return { child: await start(), async stop() { this.child.kill('SIGKILL'); await this.child.ended; }, async start() { this.child = await start(); } };
}

async function clickhouse(folder) {
  const home = join(folder, 'clickhouse');
  mkdirSync(home);
  writeFileSync(join(home, 'config.xml'), `<yandex><logger><level>warning</level><console>1</console></logger><http_port>8123</http_port><tcp_port>9000</tcp_port><listen_host>${at.clickhouse}</listen_host>
<path>${home}/data/</path><tmp_path>${home}/scratch/</tmp_path><user_files_path>${home}/files/</user_files_path><users_config>users.xml</users_config><mark_cache_size>5368709</mark_cache_size>
<default_profile>default</default_profile><default_database>default</default_database><timezone>UTC</timezone></yandex>`);
  writeFileSync(join(home, 'users.xml'), `<yandex><profiles><default><max_memory_usage>100000000</max_memory_usage></default></profiles><users><default><password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></default></users><quotas><default/></quotas></yandex>`);
  const ask = async (query) => {
    const answer = await fetch(`http://${at.clickhouse}:8123/`, { method: 'POST', body: query });
    const text = await answer.text();
    if (!answer.ok) throw new Error(text);
    return text.trim();
  };
  const start = async () => {
    const child = run('clickhouse-server', [`--config-file=${join(home, 'config.xml')}`]);
    await until('ClickHouse answers', () => ask('SELECT 1').catch(() => (child.exitCode === null ? false : Promise.reject(new Error(child.text)))));
    return child;
  };
  const server = { child: await start(), ask, async stop() { this.child.kill('SIGKILL'); await this.child.ended; }, async start() { this.child = await start(); } };
  await ask(schema('clickhouse-database.sql'));
  await ask(schema('clickhouse.sql'));
  return server;
}

/** A port whose queue of connections is full: what is sent to it gets no answer, as from a port that a security group drops. */
export async function filtered(port) {
  const child = run(process.execPath, ['-e', `require('net').createServer().listen({ host: '${at.filtered}', port: ${port}, backlog: 1 }, () => console.log('up'))`]);
  await until('the full port is there', () => /up/.test(child.text));
  child.kill('SIGSTOP');
  const held = Array.from({ length: 6 }, () => connect(port, at.filtered).on('error', () => held.length));
  await delay(100);
  return () => { for (const socket of held) socket.destroy(); child.kill('SIGKILL'); return child.ended; };
}

export async function servers() {
  const folder = mkdtempSync(join(tmpdir(), 'lab-full-'));
  chmodSync(folder, 0o755);
  const tls = certificates(folder);
  const [database, queue, events] = await Promise.all([aurora(folder, tls), redis(folder, tls), clickhouse(folder)]);
  return {
    tls, database, queue, events,
    async stop() {
      for (const child of spawned) child.kill('SIGKILL');
      await Promise.all([...spawned].map((child) => child.ended));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
