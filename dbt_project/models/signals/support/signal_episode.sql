{{ config(materialized='view') }}

with row_signal_episode as (
    select * from {{ ref('row_signal_episode') }}
),

compound_signal_episode as (
    select * from {{ ref('compound_signal_episode') }}
)

select * from row_signal_episode
union all by name
select * from compound_signal_episode
