begin; drop schema batchline_base cascade; commit;
