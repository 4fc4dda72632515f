{{ core('water_household', [
    'project_code', 'supply_method', 'round_trip_minutes', 'seasonal_shortage',
]) }}
