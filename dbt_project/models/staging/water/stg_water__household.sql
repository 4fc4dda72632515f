{{ stage('water_household') }}
