-- Up Migration

-- The programs that run on this database, and which secret each seals with: `keys rotate-encryption` must not seal
-- under one that a running program cannot open.
create table replicas (
  id uuid primary key,
  seals_with text not null, -- a name derived from the secret, which tells nothing of it
  seen_at timestamptz not null default clock_timestamp()
);

-- Down Migration

drop table replicas;
