-- Up Migration

-- Tries that guess at something: each row fills up by one with a try, to `most`, and one drains off in
-- `drain_seconds`. Counted here, so that all replicas share them and a restart keeps them.
create table throttles (
  key text primary key, -- a SHA-256 in hex: no email, no address
  level double precision not null,
  counted_at timestamptz not null,
  most double precision not null check (most > 0),
  drain_seconds double precision not null check (drain_seconds > 0)
) with (fillfactor = 70);

-- Whether somebody has signed in from an address before.
create index trail_sign_ins on trail (subject_id, address) where action = 'session.started';

-- Wrong one-time and recovery codes since the last one that was accepted.
alter table second_factors add column wrong_codes integer not null default 0;

-- Down Migration

alter table second_factors drop column wrong_codes;
drop index trail_sign_ins;
drop table throttles;
