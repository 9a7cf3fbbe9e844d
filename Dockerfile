# One recipe for the five services: docker build --build-arg SERVICE=gateway --target service .
# The dashboard is the target `web`, which adds its scripts.

FROM node:20-slim AS assets
WORKDIR /web
COPY services/web/package.json services/web/package-lock.json ./
# Which file of which package is served under which name stands in package.json.
# hadolint ignore=SC2016
RUN npm ci --ignore-scripts --no-audit --no-fund \
    && node -e 'const fs = require("fs"); fs.mkdirSync("vendor"); \
    const files = require("./package.json").flotilla.vendor; \
    for (const [from, to] of Object.entries(files)) \
      fs.copyFileSync(`node_modules/${from}`, `vendor/${to}`)'

FROM python:3.12-slim AS packages
ARG SERVICE
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir --disable-pip-version-check uv==0.13.9
WORKDIR /flotilla
COPY pyproject.toml uv.lock ./
# Only what this service needs, as uv.lock has it.
RUN test -n "$SERVICE" && uv sync --locked --no-cache --only-group "$SERVICE"

FROM python:3.12-slim AS service
ARG SERVICE
RUN groupadd --system --gid 10001 flotilla \
    && useradd --system --uid 10001 --gid flotilla --home-dir /flotilla --no-create-home flotilla
WORKDIR /flotilla
COPY --from=packages /flotilla/.venv .venv
COPY shared shared
COPY services/__init__.py services/__init__.py
COPY services/${SERVICE} services/${SERVICE}
COPY --chmod=755 deploy/healthy /usr/local/bin/healthy
ENV PATH=/flotilla/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    SERVICE=${SERVICE} \
    HTTP_HOST=0.0.0.0
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --start-period=60s --retries=6 CMD ["healthy"]
CMD ["sh", "-c", "exec python -m services.$SERVICE"]

FROM service AS web
COPY --from=assets /web/vendor services/web/static/vendor
