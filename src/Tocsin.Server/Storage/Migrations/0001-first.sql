-- Text and bigint only, so that one script serves both databases. Times are Unix microseconds, flags 0 or 1.
create table counters (name text primary key, value bigint not null);
insert into counters (name, value) values ('incident', 0), ('position', 0), ('audit', 0);

create table policies (digest text primary key, body text not null);

create table events (
  incident bigint not null, version bigint not null, position bigint not null, at bigint not null,
  type text not null, person text not null, body text not null,
  primary key (incident, version));
create unique index events_position on events (position);

create table incidents (
  number bigint primary key, version bigint not null, title text not null, environment text not null, service text not null, entry text not null,
  severity bigint not null, phase text not null, impact bigint not null, declared bigint not null, acknowledged bigint, mitigated bigint, resolved bigint,
  held_by text not null, lease_until bigint, acknowledge_by bigint, update_by bigint, due bigint, due_why text not null,
  opened text not null, last_signal bigint not null, signals bigint not null, storm bigint not null, alarms bigint not null, verdict text not null, merged_into bigint);
create index incidents_due on incidents (due) where due is not null;
create index incidents_open on incidents (environment, service) where resolved is null and merged_into is null;
create index incidents_declared on incidents (declared);

create table fingerprints (
  fingerprint text not null, incident bigint not null, entry text not null, service text not null,
  count bigint not null, first bigint not null, last bigint not null,
  primary key (fingerprint, incident));
create index fingerprints_incident on fingerprints (incident);

create table outbox (
  id text primary key, incident bigint not null, page bigint not null, key text not null, purpose text not null, person text not null, channel text not null,
  severity bigint not null, subject text not null, first text not null, more text not null, decided bigint not null, state text not null, due bigint not null,
  claimed_by text not null, claimed_until bigint not null, attempts bigint not null, doubts bigint not null, reference text not null, outcome text not null, finished bigint);
create index outbox_due on outbox (due) where state in ('waiting', 'sending');
create index outbox_incident on outbox (incident);

create table audit (
  seq bigint primary key, at bigint not null, who text not null, what text not null, subject text not null, detail text not null,
  digest text not null, previous text not null, hash text not null);

create table intake (
  id text primary key, key_id text not null, kind text not null, sender_key text, received bigint not null, bytes bigint not null, body text not null, answer text not null);
create unique index intake_sender on intake (key_id, sender_key) where sender_key is not null;
create index intake_received on intake (received);

create table signals (
  id text primary key, intake text not null, at bigint not null, source text not null, environment text not null, service text not null, entry text not null,
  fingerprint text not null, title text not null, text text not null, severity bigint, facts text not null, count bigint not null, ends bigint not null,
  state text not null, incident bigint, why text not null);
create index signals_new on signals (at) where state = 'new';
create index signals_at on signals (at);
create index signals_of on signals (fingerprint, at);
create index signals_incident on signals (incident);

create table heartbeats (
  key_id text not null, name text not null, environment text not null, service text not null, severity bigint not null, every bigint not null,
  created bigint not null, last bigint, due bigint not null, state text not null, beats bigint not null,
  primary key (key_id, name));

create table intake_keys (
  id text primary key, digest text not null unique, name text not null, environment text not null, service text not null, created bigint not null, revoked bigint);

create table accounts (
  id text primary key, name text not null unique, person text not null, role text not null, password text not null, created bigint not null, disabled bigint);

create table tokens (
  id text primary key, digest text not null unique, account text not null, kind text not null, name text not null, scopes text not null,
  created bigint not null, expires bigint, used bigint, revoked bigint);

create table secrets (name text primary key, value text not null);
