# safetynet with everything it needs; all state lies in the home, a volume.
FROM python:3.12-slim-bookworm

# An index of one's own: docker compose build --build-arg PIP_INDEX_URL=…
ARG PIP_INDEX_URL
WORKDIR /opt/safetynet
COPY requirements.lock ./
RUN pip install --no-cache-dir --no-compile --disable-pip-version-check -r requirements.lock

COPY dags dags
COPY plugins plugins
COPY expectations expectations
COPY dbt_project dbt_project
COPY LICENSE README.md ./

RUN useradd --uid 1000 --no-create-home --home-dir /var/lib/safetynet safetynet \
    && install -d -o safetynet -g safetynet -m 0750 /var/lib/safetynet
ENV PYTHONPATH=/opt/safetynet/plugins \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SAFETYNET_HOME=/var/lib/safetynet
USER safetynet
VOLUME /var/lib/safetynet
ENTRYPOINT ["python", "-m"]
CMD ["safetynet", "--help"]
