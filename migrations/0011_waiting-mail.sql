-- Up Migration

-- Each letter that is queued counts those that wait for the same recipient, also where a mail server has been down for days.
create index mail_waiting on mail (recipient) where sent_at is null and given_up_at is null;

-- Down Migration

drop index mail_waiting;
