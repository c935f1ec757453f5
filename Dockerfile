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

# Sources ask for gcc, cc or strip: the compiler's programs under their plain names too.
ARG TOOLCHAIN_MAJOR
ARG TOOLCHAIN_FAMILY
RUN cd /usr/bin && for program in *-${TOOLCHAIN_MAJOR}; do \
      plain=${program%-*}; [ -e "$plain" ] || ln -s "/usr/bin/$program" "/usr/local/bin/$plain"; \
    done \
 && { [ -e cc ] || ln -s "$(command -v ${TOOLCHAIN_FAMILY})" /usr/local/bin/cc; }

# What they ask of the machine is answered for the kernel that they are built for: templates/image/.
ARG UNAME
RUN uname=$(dpkg-query --search '*/bin/uname' | sed 's/.*: //') \
 && dpkg-divert --local --rename --divert "$uname.real" --add "$uname" \
 && printf '%s' "$UNAME" > "$uname" && chmod 755 "$uname"

# Builds run without privileges, in scratch spaces that are mounted here: a tmpfs takes over the mode
# of the directory that it covers. DKMS sources expect to find theirs at these paths.
# (And a KDIR of root's own lies below /root.)
RUN mkdir -p /build /var/lib/dkms /usr/src /lib/modules /boot /etc/dkms \
 && chmod 1777 /build /var/lib/dkms /usr/src /lib/modules /boot && chmod 755 /root
USER 65520:65520
WORKDIR /build
