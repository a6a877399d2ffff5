-- Up Migration

-- When a password ends that was made up for somebody; null for one that a person chose.
alter table people add column password_ends_at timestamptz;

-- Down Migration

alter table people drop column password_ends_at;
