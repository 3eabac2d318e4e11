// Asks the lab's authority for a certificate: node issue.mjs SOCKET DOMAIN prints certificate and key.
import { get } from 'node:http';

const [socketPath, domain] = process.argv.slice(2);
get({ socketPath, path: `/certificate/${encodeURIComponent(domain)}` }, (response) => {
  response.pipe(response.statusCode === 200 ? process.stdout : process.stderr);
  process.exitCode = response.statusCode === 200 ? 0 : 1;
}).on('error', (error) => {
  console.error(`the lab did not answer: ${error.message}`);
  process.exitCode = 1;
});
