import { setTimeout as delay } from 'node:timers/promises';
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { clickhouse, number } from '../../shared/service.mjs';
import { Stores, StoresModule } from './stores.js';

const client = {
  provide: 'CLICKHOUSE',
  useFactory: () => {
    new ConfigService().getOrThrow('CH_HOST');
    return createClient(clickhouse());
  },
};

interface Count {
  store: string;
  orders: string;
}

@Controller('analytics')
export class AnalyticsController {
  private readonly reportMs = number('REPORT_DELAY_MS', 40);

  constructor(@Inject('CLICKHOUSE') private readonly events: ClickHouseClient, private readonly stores: Stores) {}

  /** Orders per store, as far as events of them have come to ClickHouse: a store without any has 0. */
  @Get('orders')
  async orders() {
    await delay(this.reportMs);
    const query = "SELECT store, count() AS orders FROM store_events WHERE type = 'order.created' GROUP BY store";
    const counted = await (await this.events.query({ query, format: 'JSONEachRow' })).json<Count>();
    const orders = new Map(counted.map((one) => [one.store, Number(one.orders)]));
    const stores = await this.stores.all();
    return { source: 'clickhouse', rows: stores.map(({ domain }) => ({ domain, orders: orders.get(domain) ?? 0 })) };
  }
}

@Module({ imports: [StoresModule], providers: [client], controllers: [AnalyticsController] })
export class AnalyticsModule {}
