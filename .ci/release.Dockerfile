# The image of a release: the very binaries that the release holds, not another build. Its context is dist/release.
FROM debian:bookworm-slim
ARG TARGETARCH
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
ENTRYPOINT ["reviewgate"]
CMD ["serve"]
