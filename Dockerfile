# The tags follow security updates. For a build that can be repeated to the byte give digests: --build-arg NODE=node@sha256:…
ARG NODE=node:24-bookworm-slim
ARG DEBIAN=debian:bookworm-slim

FROM ${NODE} AS build
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends tini
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev
# What nothing opens at run time: source maps, types and sources, manuals (licences stay), static libraries, and the
# binaries of bcrypt for other systems.
RUN find dist node_modules -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.a' \) -delete \
  && find node_modules -type f -iname '*.md' ! -iname '*licen[cs]e*' ! -iname '*notice*' ! -iname '*copying*' -delete \
  && find node_modules/bcrypt/prebuilds -mindepth 1 -maxdepth 1 ! -name "$(node -p 'process.platform + "-" + process.arch')" -exec rm -r {} + \
  && find dist node_modules -type d -empty -delete

FROM ${DEBIAN}
LABEL org.opencontainers.image.title="Latchkey" \
  org.opencontainers.image.description="The account desk beside your web application" \
  org.opencontainers.image.version="0.1.0"
# The young part of the heap as small as `npm start` has it (DECISIONS.md, 48).
ENV NODE_ENV=production DATA_DIR=/data NODE_OPTIONS=--max-semi-space-size=8
# npm stays behind: nothing is installed at run time.
COPY --from=build /usr/local/bin/node /usr/local/bin/node
# Node as process 1 would not reap what a crashed Postgres leaves behind; tini does, and passes SIGTERM on.
COPY --from=build /usr/bin/tini /usr/bin/tini
# Postgres and the program both run as this user. The numbers are those of the volumes that are already there.
RUN groupadd --gid 1000 latchkey \
  && useradd --uid 1000 --gid 1000 --no-create-home --home-dir /data --shell /usr/sbin/nologin latchkey \
  && install -d -o 1000 -g 1000 -m 700 /data \
  && ln -s /app/dist/cli.js /usr/local/bin/latchkey
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY package.json ./
COPY migrations ./migrations
COPY views ./views
COPY public ./public
COPY --from=build /app/dist ./dist
# By number, so that Kubernetes' runAsNonRoot can tell.
USER 1000:1000
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "require('node:http').get({ host: process.env.HOST || '127.0.0.1', port: process.env.PORT || 3000, path: '/readyz' }, (answer) => process.exit(answer.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"]
ENTRYPOINT ["tini", "--", "latchkey"]
CMD ["serve"]
