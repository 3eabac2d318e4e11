// Merchant storefronts on Astro: its handler renders the pages, this file is the server around it.
import { createServer } from 'node:http';
import { close, front, healthPath, healthy, host, onStop, port, warmUp } from '../shared/service.mjs';
import { handler } from './dist/server/entry.mjs';

const say = (msg, more) => process.stdout.write(`${JSON.stringify({ level: 30, time: Date.now(), pid: process.pid, ...more, msg })}\n`);

const server = front(createServer((request, response) => {
  const began = performance.now();
  response.on('close', () => {
    const about = { req: { method: request.method, url: request.url, host: request.headers.host, remoteAddress: request.socket.remoteAddress }, responseTime: performance.now() - began };
    if (response.writableFinished) say('request completed', { ...about, res: { statusCode: response.statusCode } });
    else say('the client left before the answer', about);
  });
  if (request.url.split('?')[0] !== healthPath) return handler(request, response);
  response.setHeader('content-type', 'application/json');
  return response.end(JSON.stringify(healthy()));
}));

onStop(say, () => close(server));
await warmUp();
server.listen(port(4321), host, () => say(`Server listening at http://${server.address().address}:${server.address().port}`));
