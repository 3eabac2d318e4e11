import type { Server } from 'node:http';

interface Mysql {
  host: string;
  port: number;
  user: string | undefined;
  password: string | undefined;
  database: string | undefined;
  connectTimeout: number;
  ssl?: { rejectUnauthorized: boolean; ca?: string };
}

interface ClickHouse {
  url: string;
  database: string | undefined;
  username: string;
  password: string;
  request_timeout: number;
}

export function number(name: string, otherwise: number): number;
export function mysql(): Mysql;
export function clickhouse(): ClickHouse;
export const host: string;
export function port(otherwise: number): number;
export const healthPath: string;
export function healthy(): { status: string; uptime: number };
export function warmUp(): Promise<void>;
export function front(server: Server): Server;
export function close(server: Server): Promise<void>;
export function onStop(say: (line: string) => void, finish: () => Promise<unknown>): void;
