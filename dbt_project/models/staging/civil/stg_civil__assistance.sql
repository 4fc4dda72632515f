{{ stage('civil_assistance') }}
