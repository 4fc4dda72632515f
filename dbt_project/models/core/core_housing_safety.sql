{{ core('housing_safety', [
    'dwelling_code', 'built_year', 'structure', 'floor_area_m2', 'is_only_dwelling', 'is_lived_in', 'safety_grade',
    'assessed_on', 'assessor', 'renovation_method', 'renovation_status', 'completed_on', 'subsidy',
]) }}
