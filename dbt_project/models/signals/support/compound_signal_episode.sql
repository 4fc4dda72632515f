{{ signal_life('compound_signal') }}
