# One image for web, workers and beat. For GPU workers build with a CUDA base image:
#   docker build --build-arg BASE=nvidia/cuda:12.8.1-runtime-ubuntu24.04 .
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}
ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 VAR_DIR=/var/lib/marginalia
WORKDIR /app
RUN command -v python3 >/dev/null && python3 -m venv /opt/venv \
    || (apt-get update && apt-get install -y --no-install-recommends python3-venv \
        && rm -rf /var/lib/apt/lists/* && python3 -m venv /opt/venv)
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY manage.py ./
COPY annotator annotator
COPY modeling modeling
COPY tasks tasks
COPY templates templates
COPY locale locale
RUN useradd --system --home /var/lib/marginalia --create-home marginalia \
    && SECRET_KEY=build python manage.py collectstatic --no-input \
    && chown -R marginalia /var/lib/marginalia
USER marginalia
EXPOSE 8000
CMD ["gunicorn", "annotator.wsgi", "--bind", "0.0.0.0:8000", "--workers", "3", "--threads", "4"]
