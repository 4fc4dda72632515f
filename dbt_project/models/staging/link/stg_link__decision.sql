{{ stage('link_decision') }}
