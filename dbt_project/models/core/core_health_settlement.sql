{{ core('health_settlement', [
    'settlement_id', 'visit_type', 'institution_code', 'institution_name', 'diagnosis_code', 'diagnosis_name',
    'settled_on', 'total_cost', 'basic_insurance_paid', 'major_illness_insurance_paid', 'medical_assistance_paid',
    'other_paid', 'out_of_pocket',
]) }}
