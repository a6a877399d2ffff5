-- Up Migration

-- Ceilings on what can be chosen as session timeout, in seconds; 90 days means none.
alter table installation
  add column version integer not null default 1, -- raised by each save of the settings
  add column longest_session_timeout integer not null default 7776000,
  add column longest_session_timeout_administrators integer not null default 7776000;

-- Letters to send. The letter is sealed under APP_SECRET, because it can hold a single-use link, and is dropped
-- once it has been sent.
create table mail (
  id uuid primary key default gen_random_uuid(), -- also its Message-ID
  recipient text not null,
  sealed_letter bytea,
  created_at timestamptz not null default now(),
  next_attempt_at timestamptz not null default now(),
  attempts integer not null default 0,
  sent_at timestamptz,
  given_up_at timestamptz,
  last_error text
);
create index mail_due on mail (next_attempt_at) where sent_at is null and given_up_at is null;

-- Single-use links, as SHA-256 of the token in them.
create table links (
  hash bytea primary key check (length(hash) = 32),
  id uuid not null unique default gen_random_uuid(), -- its name in pages and in the trail
  purpose text not null check (purpose in ('invitation', 'password-reset', 'email-change')),
  person_id uuid references people on delete cascade, -- whose; null for an invitation
  email text not null, -- where it was sent
  roles text[] not null default '{}', -- what an invitation gives
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  ended_at timestamptz,
  ended_by text check (ended_by in ('replaced', 'withdrawn')), -- a newer one, or an administrator
  check ((ended_at is null) = (ended_by is null))
);
create index links_person on links (person_id);
create unique index links_one_invitation on links (lower(email))
  where purpose = 'invitation' and used_at is null and ended_at is null;

-- Role names of the operator's own applications, beside those Latchkey knows itself.
create table roles (
  name text primary key,
  created_at timestamptz not null default now()
);
create unique index roles_name on roles (lower(name));

-- Accounts that are not a person: no mailbox, no password, no second factor, no sign-in.
create table service_accounts (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  purpose text not null,
  responsible_id uuid not null references people,
  roles text[] not null default '{}',
  deactivated_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default now()
);
create unique index service_accounts_name on service_accounts (lower(name));
create index service_accounts_responsible on service_accounts (responsible_id);

alter table api_keys
  alter column person_id drop not null,
  add column service_account_id uuid references service_accounts on delete cascade,
  add constraint api_keys_one_owner check (num_nonnulls(person_id, service_account_id) = 1);
create unique index api_keys_one_live_per_service_account on api_keys (service_account_id) where ended_at is null;
create index api_keys_person on api_keys (person_id);
create index api_keys_service_account on api_keys (service_account_id);

-- People are listed by name, a page at a time, and found by any part of name or email.
create index people_by_name on people (lower(last_name), lower(first_name), id);
create index people_by_role on people using gin (roles);
create index people_deactivated_by_name on people (lower(last_name), lower(first_name), id)
  where deactivated_at is not null;
alter table people add column searched_text text not null
  generated always as (lower(first_name || ' ' || last_name || ' ' || email)) stored;
-- pg_trgm comes with Postgres and its owner may create it; a server built without it only searches more slowly.
do $$
begin
  create extension if not exists pg_trgm;
  create index people_searched on people using gin (searched_text gin_trgm_ops);
exception when others then
  raise notice 'Searching people goes without an index: %', sqlerrm;
end
$$;

-- The trail is append-only, and chained: each link's hash covers the one before. Links are made after commit, in
-- order, so that writers do not wait for one another.
create table trail_chain (
  position bigint primary key,
  entry_id bigint not null unique references trail,
  hash bytea not null check (length(hash) = 32)
);
-- Entries that have committed and wait for their link. Ids commit out of order, so "after the last one" would miss some.
create table trail_unlinked (entry_id bigint primary key);
insert into trail_unlinked select id from trail;
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'The table % only grows: its rows are neither changed nor removed', tg_table_name;
end
$$;
create trigger trail_only_grows before update or delete or truncate on trail
  for each statement execute function refuse_change();
create trigger trail_chain_only_grows before update or delete or truncate on trail_chain
  for each statement execute function refuse_change();
drop index trail_subject;
create index trail_subject on trail (subject_id, at, id);
create index trail_actor on trail (actor_id, at, id);
create index trail_action on trail (action, at, id);
create index trail_time on trail (at, id);

-- Down Migration

drop table trail_chain, trail_unlinked, service_accounts, roles, links, mail cascade;
