-- When the clock looks at a stream next; null: never. The documents that are there are looked at once.
alter table streams add column due bigint;
create index streams_due on streams (due) where due is not null;
update streams set due = 0 where kind = 'post-mortem';

-- Who reads the status page elsewhere. The address is kept while it is used; its confirmation and its end are links that are signed, not stored.
create table subscribers (
  id text primary key, kind text not null, address text not null, state text not null, asked bigint not null, confirmed bigint, unique (kind, address));
create index subscribers_state on subscribers (state, asked);
