import node from '@astrojs/node';
import { defineConfig } from 'astro/config';

export default defineConfig({
  output: 'server',
  adapter: node({ mode: 'middleware' }),
  session: false,
  // Merchants' domains are not known when this is built: the page's own host counts whatever it is.
  security: { checkOrigin: false },
  devToolbar: { enabled: false },
});
