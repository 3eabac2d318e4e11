-- The databases of one environment. The lab runs it once, as the server's own root, on new data, with @environment and @master_password set.
CREATE DATABASE astro_primary CHARACTER SET utf8mb4;
CREATE DATABASE ecom_store_front CHARACTER SET utf8mb4;

-- The master user as Aurora makes it: nearly everything, but neither SUPER nor CONNECTION ADMIN. With one of them it would get the connection that is
-- kept beyond max_connections, and a full server would not concern it.
EXECUTE IMMEDIATE CONCAT('CREATE USER zellymaster@''%'' IDENTIFIED BY ', QUOTE(@master_password));
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE,
  CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER ON *.* TO zellymaster@'%' WITH GRANT OPTION;
