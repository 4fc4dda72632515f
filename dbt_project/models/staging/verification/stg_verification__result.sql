{{ stage('verification_result', place='null::varchar') }}
