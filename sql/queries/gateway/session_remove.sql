-- $1::bytea SHA-256 of the token
delete from sessions where token_sha256 = $1
