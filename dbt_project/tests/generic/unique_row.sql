{% test unique_row(model) %}
    select batch_id, row_number
    from {{ model }}
    group by batch_id, row_number
    having count(*) > 1
{% endtest %}
