{{ stage('health_major_illness') }}
