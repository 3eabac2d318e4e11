// Runs the checkout Worker in workerd by miniflare, which stands where Cloudflare's edge does.
import { Log, LogLevel, Miniflare } from 'miniflare';
import { host, onStop, port, warmUp } from '../shared/service.mjs';

const say = (msg) => process.stdout.write(`${JSON.stringify({ level: 30, time: Date.now(), pid: process.pid, msg })}\n`);

await warmUp();
const edge = new Miniflare({
  name: 'zelly-checkout',
  modules: true,
  scriptPath: new URL('src/worker.mjs', import.meta.url).pathname,
  compatibilityDate: '2026-07-01',
  // A binding that is unset is left out, as after a deployment without it.
  bindings: process.env.CORE_API_URL === undefined ? {} : { CORE_API_URL: process.env.CORE_API_URL },
  host,
  port: port(8787),
  log: new Log(LogLevel.INFO),
  // Without it an exception of the Worker is in nobody's log.
  verbose: true,
  // No question to workers.cloudflare.com about where this request came from.
  cf: false,
});
const url = await edge.ready;
say(`checkout Worker ready at ${url.origin}`);
// Miniflare ends the process on these by itself and with 143; here an orderly end is 0, as for every service.
for (const signal of ['SIGTERM', 'SIGINT']) process.removeAllListeners(signal);
onStop(say, () => edge.dispose());
