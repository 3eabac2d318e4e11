-- The database server of one environment. Run it as the server's own root, once, into an empty data folder:
--   SET @environment = 'production', @master_password = '…', @reader_password = '…'; SOURCE mysql.sql;
-- @environment is production or staging; it decides which shops there are.

CREATE DATABASE astro_primary CHARACTER SET utf8mb4;
CREATE DATABASE ecom_store_front CHARACTER SET utf8mb4;

-- The master user as Aurora makes it: nearly everything, but neither SUPER nor CONNECTION ADMIN. With one of them
-- it would get the connection that is kept beyond max_connections, and "Too many connections" would not concern it.
EXECUTE IMMEDIATE CONCAT('CREATE USER zellymaster@''%'' IDENTIFIED BY ', QUOTE(@master_password));
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, CREATE TEMPORARY TABLES,
  LOCK TABLES, EXECUTE, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER ON *.* TO zellymaster@'%' WITH GRANT OPTION;

-- For looking only: the process list, settings, both schemas.
EXECUTE IMMEDIATE CONCAT('CREATE USER zelly_reader@''%'' IDENTIFIED BY ', QUOTE(@reader_password));
GRANT SELECT, PROCESS, SHOW DATABASES ON *.* TO zelly_reader@'%';

-- customer-panel has no migrations: its table comes from here.
CREATE TABLE ecom_store_front.customers (
  id INT AUTO_INCREMENT PRIMARY KEY,
  email VARCHAR(190) NOT NULL,
  last_login DATETIME NOT NULL,
  UNIQUE KEY IDX_customers_email (email)
);

-- The first migration of fastify-nova counts as run, so that the shops are there before the service is. It runs the others itself.
CREATE TABLE astro_primary.tenants (
  id INT AUTO_INCREMENT PRIMARY KEY,
  domain VARCHAR(190) NOT NULL,
  name VARCHAR(120) NOT NULL,
  state VARCHAR(20) NOT NULL DEFAULT 'active',
  plan VARCHAR(20) NOT NULL DEFAULT 'starter',
  UNIQUE KEY IDX_tenants_domain (domain)
);
CREATE TABLE astro_primary.migrations (id INT AUTO_INCREMENT PRIMARY KEY, timestamp BIGINT NOT NULL, name VARCHAR(255) NOT NULL);
INSERT INTO astro_primary.migrations (timestamp, name) VALUES (1700000000000, 'CreateTenants1700000000000');

-- The same shops as TENANT_DOMAINS of the core profile.
INSERT INTO astro_primary.tenants (domain, name, state, plan)
SELECT domain, name, state, plan FROM (
  SELECT 1 AS place, 'production' AS environment, 'app.zelly.in' AS domain, 'app' AS name, 'active' AS state, 'platform' AS plan
  UNION ALL SELECT 2, 'production', 'asha-sarees.example', 'asha sarees', 'active', 'growth'
  UNION ALL SELECT 3, 'production', 'kiran-books.example', 'kiran books', 'active', 'starter'
  UNION ALL SELECT 4, 'production', 'old-shop.example', 'old shop', 'suspended', 'starter'
  UNION ALL SELECT 1, 'staging', 'app.zelly.in', 'app', 'active', 'platform'
  UNION ALL SELECT 2, 'staging', 'trial-shop.example', 'trial shop', 'active', 'starter'
  UNION ALL SELECT 3, 'staging', 'kiran-books.example', 'kiran books', 'active', 'starter'
) AS shops WHERE environment = @environment ORDER BY place;
