-- The gateway shows what became of a batch's deliveries.
begin;
grant select on batchline_base.delivery_states to batchline_gateway;
commit;
