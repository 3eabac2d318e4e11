-- What people changed of the plan on a page: turns that are taken over or swapped, pages that are held back. response.yaml says the rest.
create table plan_changes (
  id text primary key, kind text not null, schedule text not null, start bigint not null, finish bigint not null, person text not null, other text not null,
  about text not null, environments text not null, services text not null, made_by text not null, made bigint not null, ended bigint);
create index plan_changes_finish on plan_changes (finish);

-- When a key was used last, and how the newest pages of a channel went.
create index intake_key on intake (key_id, received);
create index outbox_decided on outbox (decided);

-- What is open, in the order of its numbers, however much has ended.
create index incidents_now on incidents (number) where resolved is null and merged_into is null;

-- Counts of signals by time, entry and place are read from the index alone.
create index signals_counts on signals (at, entry, environment, service, count);
drop index signals_at;
