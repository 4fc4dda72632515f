{{ core('education_dropout', [
    'school_name', 'grade', 'dropped_out_on', 'return_status', 'returned_on',
]) }}
