{{ core('education_enrollment', [
    'sex', 'school_code', 'school_name', 'stage', 'grade', 'enrollment_status', 'status_date', 'school_term',
]) }}
