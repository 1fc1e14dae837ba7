-- What a discovery request for one value of one column covers, over the committed tables of all intervals: the rows that have it, and the
-- recordings and calls that are linked with them. It checks no hash, and says nothing of intervals without a commit. OUT, COLUMN and
-- VALUE are replaced.
set threads = 2;
set preserve_insertion_order = false;

create view calls as
select *, regexp_extract(filename, 'interval=([^/]+)', 1) as night
from read_parquet('OUT/interval=*/runs/*/calls.parquet', filename = true, hive_partitioning = false);

create view recordings as
select *, regexp_extract(filename, 'interval=([^/]+)', 1) as night
from read_parquet('OUT/interval=*/runs/*/recordings.parquet', filename = true, hive_partitioning = false);

create table wanted as
select night, org_id, conversation_id from calls where COLUMN = 'VALUE'
union
select night, org_id, conversation_id from recordings where COLUMN = 'VALUE';

create table c as
select row_number() over () as call, calls.* from calls semi join wanted using (night, org_id, conversation_id);

create table r as
select row_number() over () as rec, recordings.* from recordings semi join wanted using (night, org_id, conversation_id);

-- A recording is linked with the leg that it names, or else with all of its conversation.
create table links as
select call, rec, c.COLUMN = 'VALUE' as by_call, r.COLUMN = 'VALUE' as by_recording
from c join r using (night, org_id, conversation_id)
where c.leg_id = r.leg_id
  or not exists (select 1 from c as named where named.night = r.night and named.org_id = r.org_id and named.conversation_id = r.conversation_id and named.leg_id = r.leg_id);

select 'covered', 'calls', count(*) from c where COLUMN = 'VALUE' or call in (select call from links where by_recording)
union all
select 'covered', 'recordings', count(*) from r where COLUMN = 'VALUE' or rec in (select rec from links where by_call);
