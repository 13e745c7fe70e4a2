-- $1::uuid batch
-- In the order of the archive: as submitted, then by view.
select o.name, o.uri, o.sha256, o.media_type, o.view, j.file_name, o.job_id, o.size, o.crc32,
       o.width, o.height, o.attempt
  from outputs o join jobs j on j.id = o.job_id
 where o.batch_id = $1
 order by j.position, o.view collate "C"
