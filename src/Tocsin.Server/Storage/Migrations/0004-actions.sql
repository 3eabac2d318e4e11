create table actions (
  id text primary key, version bigint not null, incident bigint, action text not null, environment text not null, target text not null,
  state text not null, planned bigint not null, started bigint, ended bigint, verified bigint not null, claimed_by text not null, claimed_until bigint not null);
create index actions_planned on actions (planned);
create index actions_incident on actions (incident) where incident is not null;
create index actions_open on actions (claimed_until) where verified = 0;

create table action_events (
  action text not null, version bigint not null, at bigint not null, type text not null, person text not null, body text not null,
  primary key (action, version));

insert into counters (name, value) values ('action', 0);
