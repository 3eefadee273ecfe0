# The App in a container: one static-enough binary, git, certificates, and nobody special running it.
# Build: docker build -t reviewgate .      Run: docker run --read-only --tmpfs /tmp -v reviewgate:/data -e REVIEWGATE_... reviewgate
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# CGO is needed: the parsers are C. -trimpath keeps the builder's folders out of the binary.
RUN CGO_ENABLED=1 go build -tags allgrammars -trimpath -ldflags "-s -w" -o /reviewgate ./cmd/reviewgate

FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="reviewgate" \
      org.opencontainers.image.description="The gate in front of merges" \
      org.opencontainers.image.source="https://github.com/reviewgate-app/reviewgate" \
      org.opencontainers.image.licenses="Apache-2.0"
# hadolint ignore=DL3008 # the newest fixes of Debian are wanted
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /data --create-home reviewgate
COPY --from=build /reviewgate /usr/local/bin/reviewgate
USER 10001
VOLUME /data
WORKDIR /data
ENV REVIEWGATE_DATABASE=/data/reviewgate.db REVIEWGATE_CACHE_DIR=/data/cache REVIEWGATE_LISTEN=:8080
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["reviewgate", "healthz"]
ENTRYPOINT ["reviewgate"]
CMD ["serve"]
