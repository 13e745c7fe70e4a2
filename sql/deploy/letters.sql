-- What became of dead letters: put back, or let be. One that is not here is open.
begin;
set local search_path to batchline_base;
create table settled_letters (
	topic         text not null,
	partition     int not null,
	letter_offset bigint not null,
	written_at    timestamptz not null,
	state         text not null check (state in ('replayed', 'discarded')),
	reason        text not null check (length(reason) between 1 and 500),
	actor         text not null,
	settled_at    timestamptz not null default now(),
	times         int not null default 1,
	primary key (topic, partition, letter_offset, written_at)
);
comment on table settled_letters is 'Dead letters that somebody dealt with; the others are open.';
comment on column settled_letters.topic is 'where the record died; the letter lies on its .dlq';
comment on column settled_letters.written_at is 'of the letter: a topic that was made anew has other letters at these offsets';
comment on column settled_letters.times is 'how often it was put back, or let be';

grant select, insert, update (state, reason, actor, settled_at, times) on settled_letters to batchline_gateway;
grant select on settled_letters to batchline_reader;
commit;
