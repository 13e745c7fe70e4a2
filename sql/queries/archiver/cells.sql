-- $1::uuid batch
-- Its jobs as cells of the contact sheet, as submitted; no sheet has more.
select file_name, status, error_code, preview_uri
  from jobs where batch_id = $1 order by position limit 2500
