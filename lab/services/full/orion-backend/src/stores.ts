import { Controller, Get, Injectable, Module, NotFoundException, Param } from '@nestjs/common';
import { InjectRepository, TypeOrmModule } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Tenant } from './tenant.js';

@Injectable()
export class Stores {
  constructor(@InjectRepository(Tenant) private readonly tenants: Repository<Tenant>) {}

  all(): Promise<Tenant[]> {
    return this.tenants.find({ order: { id: 'ASC' } });
  }

  one(id: number): Promise<Tenant | null> {
    return this.tenants.findOneBy({ id });
  }
}

@Controller()
export class StoresController {
  constructor(private readonly stores: Stores) {}

  @Get()
  root() {
    return { service: 'orion-backend' };
  }

  @Get('stores')
  all() {
    return this.stores.all();
  }

  @Get('stores/:id')
  async one(@Param('id') id: string) {
    const found = await this.stores.one(Number(id) || 0);
    if (!found) throw new NotFoundException('no such store');
    return found;
  }
}

@Module({ imports: [TypeOrmModule.forFeature([Tenant])], providers: [Stores], controllers: [StoresController], exports: [Stores] })
export class StoresModule {}
