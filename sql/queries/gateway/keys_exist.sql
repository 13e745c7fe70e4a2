-- Is there any API key? Without one the gateway serves its own machine alone.
select exists (select from api_keys where revoked_at is null)
