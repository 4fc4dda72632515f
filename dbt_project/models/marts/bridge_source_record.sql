with person_record as not materialized (
    select * from {{ ref('person_record') }}
),

batch as (
    select batch_id, {{ masked_file_name('source_file') }} as source_file from {{ source('build', 'batch') }}
)

select
    person_record.feed,
    person_record.batch_id,
    batch.source_file,
    person_record.row_number,
    person_record.person_key,
    person_record.household_key,
    person_record.match_method,
    person_record.match_probability,
    person_record.own_person_key,
    person_record.valid_from,
    person_record.valid_to
from person_record
inner join batch on person_record.batch_id = batch.batch_id
