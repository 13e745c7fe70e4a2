begin; drop schema :"schema" cascade; commit;
