-- What an incident was at K follows from its events by then: the last step decides, whatever came of it later.
with incident as (
    select * from {{ source('build', 'incident') }}
),

incident_event as (
    select * from {{ source('build', 'incident_event') }}
),

known as (
    select
        step.incident_id,
        arg_max(
            case when step.event in ('opened', 'acknowledged', 'resolved', 'reopened') then step.event end,
            step.event_id
        ) as last_step,
        arg_max(case when step.event = 'resolved' then step.at end, step.event_id) as last_resolved_at,
        count(case when step.event in ('opened', 'repeated', 'reopened') then step.event_id end) as batches,
        max(case when step.event = 'notified' then step.at end) as last_notified_at
    from incident_event as step
    group by step.incident_id
)

select
    incident.incident_id,
    incident.feed,
    incident.scope,
    incident.kind,
    incident.what,
    incident.severity,
    incident.owner,
    case known.last_step
        when 'resolved' then 'resolved'
        when 'acknowledged' then 'acknowledged'
        else 'open'
    end as status,
    incident.opened_at,
    case when known.last_step = 'resolved' then known.last_resolved_at end as resolved_at,
    known.batches,
    known.last_notified_at
from incident
inner join known on incident.incident_id = known.incident_id
