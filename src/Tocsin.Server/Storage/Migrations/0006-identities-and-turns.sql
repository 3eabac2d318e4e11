-- Which account is whose at which identity provider.
create table identities (
  issuer text not null, subject text not null, account text not null, linked bigint not null, used bigint,
  primary key (issuer, subject));
create index identities_account on identities (account);

-- Whose turn on call began, and whether they said that they can be reached.
create table turns (
  id text primary key, schedule text not null, person text not null, backup text not null, began bigint not null, until bigint not null, confirmed bigint, told bigint);
create index turns_began on turns (began);
