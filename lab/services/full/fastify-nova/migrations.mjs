// The schema of astro_primary, brought up to date by TypeORM before the service listens.
import { DataSource } from 'typeorm';
import { mysql } from '../shared/service.mjs';

class CreateTenants1700000000000 {
  name = 'CreateTenants1700000000000';

  up(runner) {
    return runner.query(`CREATE TABLE tenants (
      id INT AUTO_INCREMENT PRIMARY KEY, domain VARCHAR(190) NOT NULL, name VARCHAR(120) NOT NULL,
      state VARCHAR(20) NOT NULL DEFAULT 'active', plan VARCHAR(20) NOT NULL DEFAULT 'starter', UNIQUE KEY IDX_tenants_domain (domain))`);
  }

  down(runner) { return runner.query('DROP TABLE tenants'); }
}

const catalog = ['Silk scarf', 'Brass lamp', 'Clay cup', 'Cotton kurta', 'Teak tray', 'Spice box', 'Jute bag', 'Block print sheet']
  .map((title, i) => [`SKU-${100 + i}`, title, 49_900 + i * 12_500]);

class CreateProducts1710000000000 {
  name = 'CreateProducts1710000000000';

  async up(runner) {
    await runner.query('CREATE TABLE products (sku VARCHAR(40) PRIMARY KEY, title VARCHAR(190) NOT NULL, paise INT NOT NULL)');
    for (const row of catalog) await runner.query('INSERT INTO products (sku, title, paise) VALUES (?, ?, ?)', row);
  }

  down(runner) { return runner.query('DROP TABLE products'); }
}

class CreateOrders1720000000000 {
  name = 'CreateOrders1720000000000';

  async up(runner) {
    await runner.query(`CREATE TABLE orders (
      id CHAR(36) PRIMARY KEY, store VARCHAR(190) NOT NULL, items JSON NOT NULL, paise INT NOT NULL,
      created_at DATETIME(3) NOT NULL, KEY IDX_orders_created (created_at))`);
    await runner.query(`CREATE TABLE shopify_deliveries (
      webhook_id VARCHAR(80) PRIMARY KEY, topic VARCHAR(80) NOT NULL, shop VARCHAR(190) NOT NULL, received_at DATETIME(3) NOT NULL)`);
  }

  async down(runner) {
    await runner.query('DROP TABLE shopify_deliveries');
    await runner.query('DROP TABLE orders');
  }
}

class AddOrderChannel1730000000000 {
  name = 'AddOrderChannel1730000000000';

  up(runner) { return runner.query("ALTER TABLE orders ADD COLUMN channel VARCHAR(20) NOT NULL DEFAULT 'web'"); }

  down(runner) { return runner.query('ALTER TABLE orders DROP COLUMN channel'); }
}

/** Two tasks that start together must not both create a table: MySQL has no transaction around DDL, so a named lock stands around all of it. */
const lock = 'astro_primary.migrations';

export async function migrate(log) {
  const { user: username, ...connection } = mysql();
  const source = new DataSource({
    type: 'mysql',
    username,
    ...connection,
    poolSize: 2,
    migrations: [CreateTenants1700000000000, CreateProducts1710000000000, CreateOrders1720000000000, AddOrderChannel1730000000000],
    logging: ['error', 'warn', 'migration'],
  });
  await source.initialize();
  const guard = source.createQueryRunner();
  try {
    await guard.query('SELECT GET_LOCK(?, 30)', [lock]);
    const done = await source.runMigrations({ transaction: 'each' });
    log.info({ ran: done.map((one) => one.name) }, done.length ? 'migrations done' : 'no migrations are pending');
    await guard.query('SELECT RELEASE_LOCK(?)', [lock]);
  } finally {
    await guard.release();
    await source.destroy();
  }
}
