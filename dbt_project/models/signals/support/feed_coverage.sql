with batches as (
    select * from {{ source('build', 'batch') }}
),

division_scope as (
    select * from {{ ref('division_scope') }}
)

select
    batches.feed,
    division_scope.division_code,
    min(batches.as_of) as covered_from
from batches
inner join division_scope on batches.scope = division_scope.scope
where batches.counts
group by batches.feed, division_scope.division_code
