-- Up Migration

-- Signing out looks for what took a session's place; without it anybody could have the whole table read, again and again.
-- No touch changes what it is made of, so touches stay HOT.
create index sessions_before on sessions using hash ((sess ->> 'before'));

-- Down Migration

drop index sessions_before;
