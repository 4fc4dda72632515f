{{ stage('water_project') }}
