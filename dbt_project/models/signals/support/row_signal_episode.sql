{{ signal_life('row_signal') }}
