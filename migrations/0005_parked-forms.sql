-- Up Migration

-- What somebody had typed into a form that was sent after their session had ended, or while their password had to be
-- asked for again; offered back to the same person in the same browser. Not tied to the row of the session, which may be
-- gone before its successor is there.
create table parked_forms (
  sid text primary key, -- the stored name of the session that may have it back
  person_id uuid not null references people on delete cascade,
  path text not null, -- the page it is shown on
  sealed_fields bytea not null, -- sealed under APP_SECRET; never passwords, codes or keys
  parked_at timestamptz not null default now()
);

-- Down Migration

drop table parked_forms;
