-- Up Migration

-- One row: what is true of the whole installation.
create table installation (
  only_row boolean primary key default true check (only_row),
  id uuid not null default gen_random_uuid(),
  -- Random bytes mixed into password and recovery-code hashes, sealed under APP_SECRET. Opening it at start
  -- proves that the secret is the right one.
  sealed_pepper bytea,
  set_up_at timestamptz,
  two_factor_policy text not null default 'everyone'
    check (two_factor_policy in ('everyone', 'administrators', 'optional'))
);
insert into installation default values;

create table people (
  id uuid primary key default gen_random_uuid(),
  email text not null,
  first_name text not null,
  last_name text not null,
  phone_number text not null default '',
  session_timeout integer not null default 1800 check (session_timeout > 0), -- seconds without activity
  roles text[] not null default '{member}',
  password_hash text not null,
  two_factor_put_off_at timestamptz, -- "Not now" was chosen where two-factor authentication is optional
  deactivated_at timestamptz,
  -- Raised by each save of the profile form; a form that carries an older number is stale.
  version integer not null default 1,
  created_at timestamptz not null default now()
);
create unique index people_email on people (lower(email));

-- The columns sid, sess and expire are connect-pg-simple's. No index on last_active_at: it would make every
-- touch rewrite the index (a HOT update needs no indexed column changed, and room on the page).
create table sessions (
  sid text primary key, -- SHA-256 of the cookie's value, in hex: a copy of this table signs nobody in
  sess json not null,
  expire timestamptz not null, -- the end of its absolute lifetime, whatever the activity
  id uuid not null default gen_random_uuid(), -- its name in pages and in the trail
  person_id uuid not null references people on delete cascade,
  stage text not null check (stage in ('code', 'enrolment', 'signed-in')),
  started_at timestamptz not null default now(),
  last_active_at timestamptz not null default now(),
  address text,
  client text
) with (fillfactor = 90);
create index sessions_person on sessions (person_id);

create table second_factors (
  id bigint generated always as identity primary key,
  person_id uuid not null references people on delete cascade,
  sealed_secret bytea not null,
  last_step bigint not null default 0, -- the last time step (of 30 seconds) whose code was accepted
  -- The session that is enrolling it; null once a code has confirmed it.
  pending_in text unique references sessions (sid) on delete cascade on update cascade,
  created_at timestamptz not null default now()
);
create unique index second_factors_one_per_person on second_factors (person_id) where pending_in is null;

create table recovery_codes (
  person_id uuid not null references people on delete cascade,
  hash bytea not null,
  used_at timestamptz,
  primary key (person_id, hash)
);

create table api_keys (
  id text primary key check (id ~ '^[0-9A-Za-z]{8}$'),
  person_id uuid not null references people on delete cascade,
  hash bytea not null unique check (length(hash) = 32), -- SHA-256 of the whole key
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  replaced_by text references api_keys deferrable initially deferred, -- null for a key that was revoked
  check (replaced_by is null or ended_at is not null)
);
create unique index api_keys_one_live_per_person on api_keys (person_id) where ended_at is null;

-- Who calls with a key: one row for each key, client and address.
create table api_key_callers (
  key_id text not null references api_keys on delete cascade,
  client text not null,
  address text not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  accepted bigint not null default 0,
  refused bigint not null default 0, -- calls made after the key had ended
  primary key (key_id, client, address)
) with (fillfactor = 90);

create table trail (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  action text not null,
  actor_kind text not null,
  actor_id uuid,
  session_id uuid,
  key_id text,
  subject_id uuid,
  address text,
  client text,
  details jsonb not null default '{}'
);
create index trail_subject on trail (subject_id, id);

-- Down Migration

drop table trail, api_key_callers, api_keys, recovery_codes, second_factors, sessions, people, installation;
