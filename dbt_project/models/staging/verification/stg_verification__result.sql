{{ stage('verification_result') }}
