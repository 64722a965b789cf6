# docker build -f deploy/page.Dockerfile -t pocketlens-page .
# docker run --rm --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#   -p 127.0.0.1:7860:7860 pocketlens-page
ARG BASE=python:3.13-slim
# hadolint ignore=DL3006
FROM ${BASE} AS build
COPY pyproject.toml README.md LICENSE /source/
COPY runtime /source/runtime
COPY train /source/train
COPY export /source/export
COPY demo /source/demo
RUN python3 -m venv /opt/pocketlens \
    && /opt/pocketlens/bin/pip install --no-cache-dir "/source[cpu,demo]"

# hadolint ignore=DL3006
FROM ${BASE}
COPY --from=build /opt/pocketlens /opt/pocketlens
# Nothing is written but to /tmp.
ENV PATH=/opt/pocketlens/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
EXPOSE 7860
# 401: it answers, and wants a token.
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["python", "-c", "\
from http.client import HTTPConnection; \
connection = HTTPConnection('127.0.0.1', 7860, timeout=4); \
connection.request('GET', '/'); \
raise SystemExit(connection.getresponse().status not in (200, 401))"]
ENTRYPOINT ["pocketlens", "demo", "--host", "0.0.0.0"]
