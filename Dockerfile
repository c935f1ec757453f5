# The image of one toolchain, for `kbuild-ts toolchain build`. What goes into it is data:
# toolchains/suite/<suite>.yaml (BASE, SUITE_PACKAGES) and toolchains/<toolchain>.yaml.
ARG BASE
FROM ${BASE}

# More options of apt for this build alone, for example to take a package index that has expired.
# They are not part of the image's name: what is in it is the same.
ARG APT_OPTIONS

# What every toolchain of the suite needs, in a layer that they share.
ARG SUITE_PACKAGES
RUN apt-get ${APT_OPTIONS} update \
 && DEBIAN_FRONTEND=noninteractive apt-get ${APT_OPTIONS} install -y --no-install-recommends ${SUITE_PACKAGES} \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin

ARG TOOLCHAIN_PACKAGES
RUN apt-get ${APT_OPTIONS} update \
 && DEBIAN_FRONTEND=noninteractive apt-get ${APT_OPTIONS} install -y --no-install-recommends ${TOOLCHAIN_PACKAGES} \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin

# Builds run without privileges, in a scratch space that is mounted here: a tmpfs takes over the
# mode of the directory that it covers.
# (And a KDIR of root's own lies below /root.)
RUN mkdir --mode=1777 /build && chmod 755 /root
USER 65000:65000
WORKDIR /build
