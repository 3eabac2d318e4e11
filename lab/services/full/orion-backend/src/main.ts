// Internal admin API on NestJS: stores from MySQL, analytics from ClickHouse, for panels that call it from a browser.
import 'reflect-metadata';
import { ConsoleLogger, Logger, Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { TypeOrmModule } from '@nestjs/typeorm';
import { close, front, healthPath, healthy, host, mysql, number, onStop, port, warmUp } from '../../shared/service.mjs';
import { AnalyticsModule } from './analytics.js';
import { StoresModule } from './stores.js';
import { Tenant } from './tenant.js';

// The logger of the modules too, so it is set before the first of them is made. ECS keeps plain text.
const logger = new ConsoleLogger({ colors: false, logLevels: process.env.LOG_LEVEL === 'debug' ? undefined : ['log', 'warn', 'error', 'fatal'] });
Logger.overrideLogger(logger);

const config = new ConfigService();
const databaseModules: Record<string, typeof TypeOrmModule> = { mysql: TypeOrmModule };

for (const key of ['DB_HOST', 'DB_USER', 'DB_PASSWORD']) config.getOrThrow(key);
const { user: username, ...connection } = mysql();

const database = databaseModules[process.env.DB_TYPE as string].forRoot({
  type: 'mysql',
  ...connection,
  username,
  entities: [Tenant],
  poolSize: number('DB_POOL', 5),
  retryAttempts: number('DB_RETRY_ATTEMPTS', 3),
  retryDelay: number('DB_RETRY_DELAY_MS', 3000),
});

@Module({ imports: [database, StoresModule, AnalyticsModule] })
class AppModule {}

function logRequests(app: NestExpressApplication): void {
  const log = new Logger('Http');
  app.use((request: any, response: any, next: () => void) => {
    const began = performance.now();
    response.on('close', () => {
      const about = `${request.method} ${request.originalUrl}`;
      if (response.writableFinished) log.log(`${about} ${response.statusCode} ${Math.round(performance.now() - began)}ms`);
      else log.log(`${about} the client left before the answer`);
    });
    next();
  });
}

const app = await NestFactory.create<NestExpressApplication>(AppModule, { logger });
const log = new Logger('Main');
front(app.getHttpServer());
logRequests(app);
app.enableCors({ origin: process.env.CORS_ORIGINS!.split(',').map((one) => one.trim()), credentials: true });
app.getHttpAdapter().get(healthPath, (request: unknown, response: any) => response.json(healthy()));
onStop((line) => log.log(line), async () => {
  await close(app.getHttpServer());
  await app.close();
});
await warmUp();
await app.listen(port(3022), host);
const bound = app.getHttpServer().address() as { address: string; port: number };
log.log(`Server listening at http://${bound.address}:${bound.port}`);
