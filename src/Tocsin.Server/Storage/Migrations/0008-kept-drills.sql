-- Drills that somebody kept, with their evidence: judged anew at each look, compared with each other.
create table kept_drills (
  id text primary key, name text not null, environment text not null, service text not null, keeper text not null, begun bigint not null, kept bigint not null,
  verdict text not null, cause text not null, account text not null, lab bigint not null, took bigint not null, bundle text not null);
create index kept_drills_kept on kept_drills (kept);
