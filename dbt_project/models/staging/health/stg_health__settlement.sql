{{ stage('health_settlement') }}
