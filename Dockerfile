# Images for containers: `bridge` (the last, so the default), `simulator` of the API, `mosquitto` to go with them.
#
#   docker build -t mqtt-sms-bridge .
#
# The programs are the same bytes whenever and wherever they are built. For the same image as well, give the date, and
# the base by its digest (--build-arg BASE=debian@sha256:…):
#   SOURCE_DATE_EPOCH=0 docker buildx build --output type=docker,rewrite-timestamp=true .
#   podman build --timestamp 0 .
ARG BASE=docker.io/library/debian:bookworm-slim

FROM ${BASE} AS build
WORKDIR /src
COPY scripts/common.sh scripts/install-deps scripts/
RUN scripts/install-deps build
COPY . .
ARG SOURCE_DATE_EPOCH=0
RUN cmake -G Ninja -B /build -DCMAKE_BUILD_TYPE=Release && \
    ninja -C /build mqtt-sms-bridge sms-commands-simulator && \
    strip /build/mqtt-sms-bridge /build/sms-commands-simulator

# What both programs need, and nothing that remembers when it was installed.
FROM ${BASE} AS runtime
RUN apt-get -qq update && \
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends ca-certificates libcjson1 libcurl4 \
        libmicrohttpd12 libpaho-mqtt1.3 libsqlite3-0 libssl3 libsystemd0 libyaml-0-2 >/dev/null && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/cache/ldconfig/aux-cache /var/log/*
COPY packaging/docker/healthcheck /usr/bin/healthcheck

FROM runtime AS simulator
COPY --from=build /build/sms-commands-simulator /usr/bin/
USER 10002:10002
EXPOSE 8090
ENTRYPOINT ["/usr/bin/sms-commands-simulator"]
CMD ["--listen", "0.0.0.0:8090"]

FROM ${BASE} AS mosquitto
RUN apt-get -qq update && \
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends mosquitto mosquitto-clients \
        >/dev/null && \
    rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/cache/ldconfig/aux-cache /var/log/* && \
    install -d -o 10003 -g 10003 -m 0700 /var/lib/mosquitto
COPY config/docker/mosquitto.conf /etc/mosquitto/mosquitto.conf
USER 10003:10003
EXPOSE 1883
ENTRYPOINT ["/usr/sbin/mosquitto", "-c", "/etc/mosquitto/mosquitto.conf"]

FROM runtime AS bridge
RUN install -d -o 10001 -g 10001 -m 0700 /var/lib/mqtt-sms-bridge
COPY --from=build /build/mqtt-sms-bridge /usr/bin/
USER 10001:10001
VOLUME /var/lib/mqtt-sms-bridge
EXPOSE 8080
ENTRYPOINT ["/usr/bin/mqtt-sms-bridge"]
