# One image for web, worker and dispatcher: the command says which.
# The front end and the bundles of the embedded JavaScript engine are built first; Node is not in the final image.
FROM node:20-bookworm-slim AS front
WORKDIR /app
COPY . .
RUN cd frontend && npm ci --no-audit --no-fund && node build.mjs

FROM python:3.11-slim-bookworm AS packages
WORKDIR /app
RUN python -m venv /opt/tidegate
COPY requirements.lock .
RUN /opt/tidegate/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md ./
COPY service service
COPY --from=front /app/service/web/static service/web/static
COPY --from=front /app/service/bpmnio/bundles service/bpmnio/bundles
COPY --from=front /app/service/integrations/fonts service/integrations/fonts
RUN /opt/tidegate/bin/pip install --no-cache-dir --no-deps --no-build-isolation -e .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/tidegate --create-home tidegate
COPY --from=packages /opt/tidegate /opt/tidegate
COPY --from=packages /app /app
COPY bpmn /app/bpmn
COPY forms /app/forms
ENV PATH=/opt/tidegate/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    TIDEGATE_BIND=0.0.0.0:8080 \
    TIDEGATE_DATA_DIR=/var/lib/tidegate
WORKDIR /app
USER tidegate
VOLUME /var/lib/tidegate
EXPOSE 8080
# worker and dispatcher have a check of their own in docker-compose.yml
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/readyz', timeout=4)"]
ENTRYPOINT ["tidegate"]
CMD ["web"]
