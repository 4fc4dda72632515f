{{ stage('education_enrollment') }}
