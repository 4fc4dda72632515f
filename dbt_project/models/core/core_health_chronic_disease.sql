{{ core('health_chronic_disease', [
    'managing_institution', 'disease', 'contract_status', 'contracted_on', 'last_follow_up_on',
    'follow_ups_this_year', 'control_status',
]) }}
