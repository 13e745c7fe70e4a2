begin;
revoke select on batchline_base.delivery_states from batchline_gateway;
commit;
