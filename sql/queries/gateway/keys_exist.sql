-- Is there any API key? Without one the gateway serves its own machine alone. One that was revoked
-- or is over counts too: the end of the last key opens no door.
select exists (select from api_keys)
