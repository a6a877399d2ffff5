-- Up Migration

-- The longest a session lasts whatever the activity, in seconds; 365 days is the most that can be set.
alter table installation add column absolute_lifetime integer not null default 31536000
  check (absolute_lifetime between 1 and 31536000);

-- The text begins with a space, so that words of one or two letters, which have no trigram, are found by their beginning.
alter table people drop column searched_text;
alter table people add column searched_text text not null
  generated always as (' ' || lower(first_name || ' ' || last_name || ' ' || email)) stored;
do $$
begin
  create index people_searched on people using gin (searched_text gin_trgm_ops);
exception when others then
  raise notice 'Searching people goes without an index: %', sqlerrm;
end
$$;

-- Kept by the triggers below: among 100,000 people the few without a second factor are found by an index.
alter table people add column has_second_factor boolean not null default false;
update people p set has_second_factor = true
 where exists (select from second_factors f where f.person_id = p.id and f.pending_in is null);
create index people_without_second_factor_by_name on people (lower(last_name), lower(first_name), id)
  where deactivated_at is null and not has_second_factor;
create function note_second_factor() returns trigger language plpgsql as $$
begin
  update people set has_second_factor = tg_argv[0]::boolean where id = coalesce(new.person_id, old.person_id);
  return null;
end
$$;
create trigger second_factor_gone after delete on second_factors
  for each row when (old.pending_in is null) execute function note_second_factor('false');
create trigger second_factor_confirmed after insert or update of pending_in on second_factors
  for each row when (new.pending_in is null) execute function note_second_factor('true');

-- Down Migration

drop trigger second_factor_gone on second_factors;
drop trigger second_factor_confirmed on second_factors;
drop function note_second_factor;
alter table people drop column has_second_factor;
alter table installation drop column absolute_lifetime;
