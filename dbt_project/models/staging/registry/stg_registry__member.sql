{{ stage('registry_member') }}
