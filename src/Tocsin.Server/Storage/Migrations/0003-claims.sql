-- What is claimed next, in its order, however many pages were ever sent or wait.
drop index outbox_due;
create index outbox_next on outbox (severity, due, id) where state in ('waiting', 'sending');
