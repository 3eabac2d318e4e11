-- What belongs to an incident and has a stream of its own: runs of playbooks, post-mortems; and the status page, which belongs to none.
create table streams (
  id text primary key, kind text not null, incident bigint, version bigint not null, begun bigint not null, changed bigint not null, state text not null, title text not null);
create index streams_incident on streams (incident, kind) where incident is not null;
create index streams_kind on streams (kind, begun);

create table stream_events (
  stream text not null, version bigint not null, at bigint not null, type text not null, person text not null, body text not null,
  primary key (stream, version));
