# The image of a release: the very binaries that the release holds, not another build. Its context is dist/release.
FROM debian:bookworm-slim
LABEL org.opencontainers.image.title="reviewgate" \
      org.opencontainers.image.description="The gate in front of merges" \
      org.opencontainers.image.source="https://github.com/reviewgate-app/reviewgate" \
      org.opencontainers.image.licenses="Apache-2.0"
ARG TARGETARCH
# hadolint ignore=DL3008 # the newest fixes of Debian are wanted
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /data --create-home reviewgate
COPY reviewgate_linux_${TARGETARCH} /usr/local/bin/reviewgate
USER 10001
VOLUME /data
WORKDIR /data
ENV REVIEWGATE_DATABASE=/data/reviewgate.db REVIEWGATE_CACHE_DIR=/data/cache REVIEWGATE_LISTEN=:8080
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["reviewgate", "healthz"]
ENTRYPOINT ["reviewgate"]
CMD ["serve"]
