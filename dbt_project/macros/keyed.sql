{#-
  An identifier that cannot be turned back without the secret: HMAC-SHA-256 (as NMAC: the two keys are one block each)
  over kind and text, cut to 96 bits. The keys are variables of the connection and stand in no SQL text.
-#}
{% macro keyed(kind, text) -%}
    '{{ kind[0] }}_' || left(
        sha256(
            getvariable('safetynet').outer_key
            || sha256(getvariable('safetynet').inner_key || '{{ kind }}:' || {{ text }})
        ),
        24
    )
{%- endmacro %}
