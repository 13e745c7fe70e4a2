-- $1::uuid batch   $2::int position of the first job   $3::int of the last
-- $4::text status of the jobs, null: any; in the jobs' order
select o.job_id, o.name, o.view, o.media_type, o.width, o.height, o.size, o.sha256
  from jobs j join outputs o on o.job_id = j.id
 where j.batch_id = $1 and j.position between $2 and $3 and ($4::text is null or j.status = $4)
 order by j.position, o.view
