{{ stage('education_dropout') }}
