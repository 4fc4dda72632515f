{{ config(materialized='view') }}

with row_signal as (
    select * from {{ ref('row_signal') }}
),

compound_signal as (
    select * from {{ ref('compound_signal') }}
)

select * from row_signal
union all by name
select * from compound_signal
