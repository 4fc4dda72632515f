{{ core('health_major_illness', [
    'illness', 'icd10_code', 'diagnosed_on', 'hospital_name', 'treatment_status', 'total_cost',
    'basic_insurance_paid', 'major_illness_insurance_paid', 'medical_assistance_paid', 'out_of_pocket', 'updated_on',
]) }}
