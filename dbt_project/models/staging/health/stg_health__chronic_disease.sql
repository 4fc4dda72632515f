{{ stage('health_chronic_disease') }}
