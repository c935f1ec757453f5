# The image of a toolchain with what a project needs to build besides it (buildDeps, --build-dep).
# What goes into it is the project's: FOREIGN (architectures of packages as name:arch) and PACKAGES.
ARG BASE
FROM ${BASE}

# More options of apt for this build alone, as in the image of the toolchain itself.
ARG APT_OPTIONS
ARG FOREIGN
ARG PACKAGES

# An index that cannot be had is a failure, lest its packages count as unknown; and a name is a name,
# not a pattern of names.
USER 0:0
RUN for arch in ${FOREIGN}; do dpkg --add-architecture "$arch" || exit; done \
 && apt-get ${APT_OPTIONS} -o APT::Update::Error-Mode=any update \
 && DEBIAN_FRONTEND=noninteractive apt-get ${APT_OPTIONS} -o APT::Cmd::Pattern-Only=true install -y --no-install-recommends ${PACKAGES} \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin
USER 65520:65520
