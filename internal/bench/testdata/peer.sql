-- The job as hand-written SQL for nights of profile cdrmend, JSON Lines and
-- CSV: outages, join, repairs, verdicts, findings, tables as Parquet and the
-- repaired entries as one JSON file. It has no hashes, no provenance (rows,
-- evidence) and no repair that keeps bytes, does not read damaged documents,
-- and takes all inputs for complete. NIGHT, OUT, ORG, FROM and TO are replaced.
set threads = 2;
set preserve_insertion_order = false;
set TimeZone = 'UTC';

-- Inputs

-- Ids are UUIDs here, which DuckDB joins faster than texts.
create table legs as
from read_csv('NIGHT/cdr/date=*/*.csv', header = true, auto_detect = false, delim = ',', quote = '"', nullstr = '', filename = 'object_key', hive_partitioning = false, columns = {
  conversation_id: 'uuid', leg_id: 'uuid', recording_ids: 'varchar', trunk_id: 'uuid', line_id: 'uuid', direction: 'varchar',
  ani: 'varchar', dnis: 'varchar', user_ids: 'varchar', queue_ids: 'varchar', start_time: 'timestamp', answer_time: 'timestamp', end_time: 'timestamp',
  talk_ms: 'bigint', talk: 'varchar', pauses: 'varchar', recorded: 'boolean',
  updated_at: 'timestamp', sip_status: 'bigint'});

create table entries as
select * replace (nullif(trunk_id, '')::uuid as trunk_id)
from read_json('NIGHT/manifests/date=*/*.jsonl', format = 'newline_delimited', filename = 'object_key', hive_partitioning = false, columns = {
  org_id: 'uuid', recording_id: 'uuid', conversation_id: 'uuid', trunk_id: 'varchar', line_id: 'uuid',
  start_time: 'timestamp', end_time: 'timestamp', duration_ms: 'bigint', direction: 'varchar', ani: 'varchar', dnis: 'varchar',
  media_type: 'varchar', media_subtype: 'varchar', user_ids: 'varchar[]', media_key: 'varchar', media_bytes: 'bigint', media_sha256: 'varchar'});

create table events as
from read_json('NIGHT/registrations/date=*/*.jsonl', format = 'newline_delimited', hive_partitioning = false, columns = {
  time: 'timestamp', org_id: 'uuid', trunk_id: 'uuid', line_id: 'uuid', status: 'bigint', expiry_seconds: 'bigint',
  token_claims: 'struct(org_id uuid, scope varchar, iat double, nbf double, exp double)', token_info: 'struct(active boolean)'});

-- Of legs told twice the newest version counts.
delete from legs where rowid in (
  select leg from (
    select legs.rowid as leg, row_number() over (partition by conversation_id, leg_id order by updated_at desc nulls last, end_time is null) as nth
    from legs semi join (select conversation_id, leg_id from legs group by all having count(*) > 1) using (conversation_id, leg_id))
  where nth > 1);

create table listed as
select rowid as leg, unnest(string_split(recording_ids, ';'))::uuid as rec, conversation_id, trunk_id from legs where recording_ids is not null;

-- Outages

-- Every key has successes here. Events after the horizon are no evidence.
create table outages as
with kinds as (
  select *, epoch(time) as t, status between 200 and 299 as success
  from events where time is not null and status is not null and (trunk_id is not null or line_id is not null)
    and time < timestamp 'TO' + interval 1 hour and not (status between 100 and 199) and expiry_seconds is distinct from 0),
next as (
  select *, min(case when success then time end) over later as recovery, min(case when not success then time end) over later as refusal,
    max(case when success then time + to_seconds(coalesce(expiry_seconds, 3600)) end) over before as bound
  from kinds
  window later as (partition by org_id, trunk_id, line_id order by time, success rows between 1 following and unbounded following),
    before as (partition by org_id, trunk_id, line_id order by time, success rows between unbounded preceding and current row)),
named as (
  select *, case when status not in (401, 403) then case
        when status in (404, 410) then 'unknown_line' when status = 407 then 'unauthenticated' when status in (408, 0) then 'timeout'
        when status = 423 then 'interval_too_brief' when status = 429 then 'throttled' when status in (460, 499) then 'client_gave_up'
        when status between 500 and 599 then 'server_error' else 'rejected' end
      when token_info.active = false then 'token_inactive'
      when token_claims.exp < t - 60 then 'token_expired'
      when token_claims.nbf > t + 60 then 'token_not_yet_valid'
      when token_claims.org_id <> org_id then 'wrong_org'
      when token_claims.scope is not null and not list_contains(string_split(token_claims.scope, ' '), 'sip:manage') then 'scope_missing'
      when t - token_claims.iat between -60 and 60 then 'refresh_race'
      when token_claims is not null or token_info is not null then 'credential_rejected'
      when status = 401 then 'unauthenticated'
      else 'unknown' end as seems
  from next where not success and not (status in (401, 407, 423) and coalesce(recovery <= time + interval 5 seconds, false))),
-- A race that is refused again more than a minute later was none, nor are those after it.
healed as (
  select *, seems = 'refresh_race' and max(case when status in (401, 403) then t end) over (partition by org_id, trunk_id, line_id, recovery) > t + 60 as persists
  from named),
failed as (
  select *, case when seems = 'refresh_race' and bool_or(persists) over (partition by org_id, trunk_id, line_id, recovery order by time)
    then if(status = 403, 'not_permitted', 'credential_rejected') else seems end as cause
  from healed),
spans as (
  select org_id, trunk_id, line_id, min(time) as start_time, coalesce(recovery, timestamp 'TO' + interval 1 hour) as end_time,
    if(recovery is null, 'open', 'success') as ended_by, arg_min(cause, time) as cause, histogram(cause)::varchar as causes, count(*) as failures, arg_min(bound, time) as binding_until
  from failed group by org_id, trunk_id, line_id, recovery
  union all -- registrations that just ran out
  select org_id, trunk_id, line_id, bound, least(recovery, refusal, timestamp 'TO' + interval 1 hour),
    case when recovery is null and refusal is null then 'open' when refusal < recovery or recovery is null then 'failure' else 'success' end, 'lapsed', null, 0, bound
  from next where success and coalesce(recovery > bound + interval 32 seconds, true) and coalesce(refusal >= bound, true) and bound <= (select max(time) from kinds))
select concat_ws('|', org_id, trunk_id, line_id, start_time) as outage_id, *, failures > 0 and end_time <= binding_until + interval 32 seconds as harmless,
  case when not harmless and greatest(start_time, binding_until) < end_time then greatest(start_time, coalesce(binding_until, start_time)) end as unregistered_from
from spans;

-- Entries: ids, then trunk and end

create table named as -- the entries without a recording id
with bare as (
  select rowid as entry, conversation_id, nullif(regexp_extract(media_key, '([0-9a-f-]{36})[^/]*$', 1), '')::uuid as rec from entries where recording_id is null),
unclaimed as (
  select conversation_id, any_value(rec) as rec
  from listed semi join (select conversation_id from bare where rec is null) using (conversation_id)
  anti join (select recording_id as rec from entries union all select rec from bare) using (rec)
  group by all having count(distinct rec) = 1),
sole as (select min(entry) as entry, conversation_id from bare where rec is null group by conversation_id having count(*) = 1)
select bare.entry, coalesce(bare.rec, unclaimed.rec) as rec
from bare left join sole using (entry) left join unclaimed on unclaimed.conversation_id = sole.conversation_id;

create table claims as -- what the legs that list a recording say of it
select rec, any_value(conversation_id) as conversation_id, min(trunk_id) as trunk_id, max(trunk_id) as trunk_max from listed group by rec;

create table repaired as
with joined as (
  select e.*, coalesce(e.conversation_id, claims.conversation_id) as conv, claims.rec is not null as by_id,
    case when claims.trunk_id = claims.trunk_max then claims.trunk_id end as leg_trunk
  from (select entries.*, entries.rowid as entry, coalesce(recording_id, named.rec) as rec from entries left join named on named.entry = entries.rowid) e
    left join claims on claims.rec = e.rec),
others as ( -- entries that no leg lists
  select entry, count(*) as legs, count(distinct legs.trunk_id) as trunks, min(legs.trunk_id) as trunk
  from joined join legs on legs.conversation_id = joined.conv where not by_id group by entry),
lines as (
  select joined.entry, coalesce(arg_max(events.trunk_id, events.time) filter (events.time <= joined.start_time), arg_min(events.trunk_id, events.time)) as trunk
  from joined join events on events.line_id = joined.line_id
  where joined.trunk_id is null and leg_trunk is null and events.trunk_id is not null group by joined.entry)
select joined.*, by_id or coalesce(others.legs, 0) > 0 as has_leg,
  coalesce(joined.trunk_id, leg_trunk, case when others.trunks = 1 then others.trunk end, lines.trunk) as trunk,
  case when joined.trunk_id is not null then null when leg_trunk is not null then 'cdr-recording' when others.trunks = 1 then 'cdr-conversation' when lines.trunk is not null then 'registration-line' end as trunk_rule,
  coalesce(start_time, end_time - to_milliseconds(duration_ms)) as begins,
  coalesce(end_time, start_time + to_milliseconds(case when duration_ms >= 0 then duration_ms end)) as ends,
  joined.start_time >= 'FROM' and joined.start_time < 'TO' as owned
from joined left join others using (entry) left join lines using (entry);

-- Legs: coverage and verdict

create table covered as -- entries of each recording id, and the union of their spans
with several as (
  select rec, epoch_ms(sum(ends - greatest(begins, reached))::interval) as ms from (
    select rec, begins, ends, coalesce(max(ends) over (partition by rec order by begins rows between unbounded preceding and 1 preceding), begins) as reached
    from repaired semi join (select rec from repaired group by rec having count(*) > 1) using (rec)) where ends > reached group by rec)
select rec, count(*) as entries, min(begins) as begins, max(ends) as ends,
  bool_or(begins is null or ends is null or ends < begins) as unknown,
  bool_or(trunk is null or conv is null or (duration_ms >= 0 and abs(date_diff('millisecond', begins, ends) - duration_ms) > 1000)) as incomplete,
  bool_or(owned and (trunk_rule is not null or recording_id is null or conversation_id is null or (end_time is null and ends is not null))) as mended
from repaired where rec is not null group by rec;

create table talked as -- spans of talk, without a pause, of which a leg that says no talk has one at most
with own as (select rowid as leg, *, coalesce(answer_time, start_time) as answered from legs where start_time >= 'FROM' and start_time < 'TO'),
spoken as (
  select leg, split_part(span, '/', 1)::timestamp as since, split_part(span, '/', 2)::timestamp as until
  from (select leg, unnest(string_split(talk, ';')) as span from own where talk is not null)
  union all select leg, answered, end_time from own where talk is null and pauses is null
  union all select leg, answered, split_part(pauses, '/', 1)::timestamp from own where talk is null and pauses is not null
  union all select leg, split_part(pauses, '/', 2)::timestamp, end_time from own where talk is null and pauses is not null)
select * from spoken;

create table calls as
with own as (select rowid as leg, * from legs where start_time >= 'FROM' and start_time < 'TO'),
sums as (
  select leg, sum(entries) as entries, bool_or(covered.entries is null) as lost, coalesce(bool_or(unknown), false) as unknown, coalesce(bool_or(incomplete), false) as incomplete, coalesce(bool_or(mended), false) as mended
  from own join listed using (leg) left join covered using (rec) group by leg),
total as (select leg, sum(date_diff('millisecond', since, until)) as talk_total from talked group by leg),
heard as (
  select leg, sum(date_diff('millisecond', greatest(begins, since), least(ends, until))) filter (where least(ends, until) > greatest(begins, since)) as ms
  from talked join listed using (leg) join covered using (rec) group by leg),
judged as (
  select own.*, coalesce(entries, 0) as entries, lost, unknown, incomplete, mended, case when not unknown and entries > 0 then coalesce(ms, 0) end as covered_ms,
    case when not unknown and entries > 0 then talk_total - coalesce(ms, 0) end as uncovered_ms,
    uncovered_ms > 5000 and (talk_ms is null or talk is not null or talk_ms - covered_ms > 5000) as short,
    direction = 'internal' or recorded = false or (recorded is null and answer_time is null) as excluded
  from own left join sums using (leg) left join total using (leg) left join heard using (leg)),
during as (
  select leg, arg_max(o.outage_id, best) as outage_id, arg_max(o.cause, best) as outage_cause,
    arg_max(case when o.cause = 'lapsed' or judged.end_time <= o.unregistered_from then 'possible' when judged.start_time >= o.unregistered_from then 'inside' else 'edge' end, best) as outage_relation,
    arg_max(overlap, best) as outage_overlap_ms
  from judged join outages o on not o.harmless and o.line_id = judged.line_id and o.trunk_id = judged.trunk_id and judged.start_time < o.end_time and o.start_time < judged.end_time,
    lateral (select date_diff('millisecond', greatest(judged.start_time, o.start_time), least(judged.end_time, o.end_time)) as overlap,
      greatest(date_diff('millisecond', greatest(judged.start_time, o.unregistered_from), least(judged.end_time, o.end_time)), 0) as best) group by leg)
select 'ORG'::uuid as org_id, conversation_id, leg_id, trunk_id, line_id, direction, start_time, answer_time, end_time,
  case when excluded then 'excluded' when end_time is null and entries > 0 then 'indeterminate' when entries = 0 then 'missing'
    when lost or short then 'partial' when incomplete then 'incomplete' when mended then 'repaired' else 'complete' end as verdict,
  case when direction = 'internal' then 'internal call' when recorded = false then 'not to be recorded' when excluded then 'not expected' end as reason,
  case when entries > 0 then 'id' end as matched_by, entries, covered_ms, uncovered_ms, outage_id, outage_cause, coalesce(outage_relation, 'none') as outage_relation, outage_overlap_ms,
  'cdr' as source, object_key, recording_ids, excluded, lost, short
from judged left join during using (leg);

-- Findings

create table entry_outages as
select entry, arg_max(o.outage_id, best) as outage_id, arg_max(o.cause, best) as outage_cause,
  arg_max(case when o.cause = 'lapsed' or r.ends <= o.unregistered_from then 'possible' when r.begins >= o.unregistered_from then 'inside' else 'edge' end, best) as outage_relation,
  arg_max(overlap, best) as outage_overlap_ms
from repaired r join outages o on not o.harmless and o.line_id = r.line_id and o.trunk_id = r.trunk and r.begins < o.end_time and o.start_time < r.ends,
  lateral (select date_diff('millisecond', greatest(r.begins, o.start_time), least(r.ends, o.end_time)) as overlap,
    greatest(date_diff('millisecond', greatest(r.begins, o.unregistered_from), least(r.ends, o.end_time)), 0) as best) group by entry;

create table findings as
with own as (select * from repaired where owned),
twice as (
  select entry from (select entry, row_number() over (partition by rec order by object_key, entry) as nth
    from repaired semi join (select rec from covered where entries > 1) using (rec)) where nth > 1),
about as (
  select entry, 'repaired_field' as class, 'minor' as severity, 'repaired' as status, 'trunk_id' as field, trunk_rule as detail from own where trunk_rule is not null
  union all select entry, 'repaired_field', 'minor', 'repaired', 'recording_id', 'media-key' from own where recording_id is null and rec is not null
  union all select entry, 'repaired_field', 'minor', 'repaired', 'conversation_id', 'cdr-recording' from own where conversation_id is null and conv is not null
  union all select entry, 'repaired_field', 'minor', 'repaired', 'end_time', 'arithmetic' from own where end_time is null and ends is not null
  union all select entry, 'missing_field', 'major', 'open', 'trunk_id', null from own where trunk is null
  union all select entry, 'missing_field', 'major', 'open', 'conversation_id', null from own where conv is null
  union all select entry, 'missing_field', 'major', 'open', 'end_time', null from own where ends is null
  union all select entry, 'conflict', 'major', 'open', 'duration_ms', 'arithmetic' from own where duration_ms >= 0 and abs(date_diff('millisecond', begins, ends) - duration_ms) > 1000
  union all select entry, 'invalid_field', 'minor', 'open', 'duration_ms', duration_ms::varchar from own where duration_ms < 0
  union all select entry, 'no_cdr', 'minor', 'open', null, null from own where not has_leg
  union all select entry, 'duplicate', 'minor', 'open', null, 'same' from own semi join twice using (entry))
select class, severity, status, 'ORG'::uuid as org_id, r.conv as conversation_id, r.rec as recording_id, null as leg_id, r.trunk as trunk_id, r.line_id, field, detail,
  'export' as source, r.object_key, r.begins as start_time, r.ends as end_time, outage_id, outage_cause, coalesce(outage_relation, 'none') as outage_relation, outage_overlap_ms
from about join repaired r using (entry) left join entry_outages using (entry)
union all
select 'missing_recording', 'critical', 'open', org_id, conversation_id, recording_id, leg_id, trunk_id, line_id, null, null, source, object_key, start_time, end_time, outage_id, outage_cause, outage_relation, outage_overlap_ms
from (select *, unnest(string_split(recording_ids, ';'))::uuid as recording_id from calls where not excluded and lost) anti join covered on covered.rec = recording_id
union all
select 'short_recording', 'major', 'open', org_id, conversation_id, null, leg_id, trunk_id, line_id, null, uncovered_ms::varchar, source, object_key, start_time, end_time, outage_id, outage_cause, outage_relation, outage_overlap_ms
from calls where not excluded and short;

-- Outputs

copy (select * exclude (recording_ids, excluded, lost, short) from calls order by start_time, conversation_id, leg_id) to 'OUT/calls.parquet';
copy findings to 'OUT/findings.parquet';
-- Of the outages without a failure, those that something coincides with.
create table shown as
from outages where failures > 0 and start_time < 'TO' and end_time > 'FROM'
  or outage_id in (select outage_id from calls where outage_id is not null union select outage_id from findings where outage_id is not null);
copy shown to 'OUT/outages.parquet';
copy (select object_key, conv as conversation_id, rec as recording_id, 'trunk_id' as field, trunk::varchar as new_value, trunk_rule as rule from repaired where owned and trunk_rule is not null
  union all select object_key, conv, rec, 'recording_id', rec::varchar, 'media-key' from repaired where owned and recording_id is null
  union all select object_key, conv, rec, 'conversation_id', conv::varchar, 'cdr-recording' from repaired where owned and conversation_id is null
  union all select object_key, conv, rec, 'end_time', ends::varchar, 'arithmetic' from repaired where owned and end_time is null) to 'OUT/repairs.parquet';
copy (select org_id, conv as conversation_id, rec as recording_id, trunk as trunk_id, line_id, begins as start_time, ends as end_time, duration_ms, direction, ani, dnis,
  media_type, media_subtype, array_to_string(user_ids, ';') as user_ids, media_key, media_bytes, media_sha256, object_key from repaired where owned) to 'OUT/recordings.parquet';
copy (select org_id, rec as recording_id, conv as conversation_id, trunk as trunk_id, line_id, begins as start_time, ends as end_time, duration_ms, direction, ani, dnis,
  media_type, media_subtype, user_ids, media_key, media_bytes, media_sha256 from repaired where owned) to 'OUT/manifests.jsonl' (format json);

-- counts
select 'verdicts' as kind, verdict as name, count(*) as n from calls group by all
union all select 'findings', class, count(*) from findings group by all
union all select 'outages', cause, count(*) from shown where not harmless group by all order by all;
