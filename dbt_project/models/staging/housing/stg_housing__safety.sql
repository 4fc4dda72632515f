{{ stage('housing_safety') }}
