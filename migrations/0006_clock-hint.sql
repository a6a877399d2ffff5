-- Up Migration

-- Time steps whose code was right but for the clock, and whose typist was told so: such a code is never accepted, not
-- even when its time comes.
alter table second_factors add column hinted_steps bigint[] not null default '{}';

-- Down Migration

alter table second_factors drop column hinted_steps;
