-- Up Migration

-- A link also ends with what it rested on: the password, the email, the access of whose it is or who sent it.
alter table links drop constraint links_ended_by_check;
alter table links add constraint links_ended_by_check
  check (ended_by in ('replaced', 'withdrawn', 'account-changed'));
-- Who sent an invitation; null for older ones.
alter table links add column invited_by uuid references people on delete set null;
create index links_invited_by on links (invited_by) where used_at is null and ended_at is null;

-- Down Migration

alter table links drop column invited_by;
update links set ended_by = 'withdrawn' where ended_by = 'account-changed';
alter table links drop constraint links_ended_by_check;
alter table links add constraint links_ended_by_check check (ended_by in ('replaced', 'withdrawn'));
