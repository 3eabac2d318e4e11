-- What the newest events of an incident add up to, as a number: a state in memory holds only where it has the same. Whatever was stored before has 0, and is read from its events.
alter table incidents add column mark bigint not null default 0;

-- When whoever got a test page said that it reached them.
alter table outbox add column confirmed bigint;
