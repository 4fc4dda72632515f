{{ core('civil_assistance', [
    'certificate_number', 'month', 'relation_to_applicant', 'assistance_type', 'dibao_class', 'persons_covered',
    'monthly_amount', 'started_month', 'payment_status', 'stopped_month',
]) }}
