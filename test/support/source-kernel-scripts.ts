/** The shell scripts by which a kernel for tests is made. */

/** The version of Debian's package of the source. */
export const version = '6.1';

/** Fetches the package of the source into /fetch, with directories of apt's own: no root needed. */
export const fetchScript = `set -eu
mkdir -p /fetch/apt/lists/partial /fetch/apt/cache/archives/partial && : > /fetch/apt/status
cat > /fetch/apt/apt.conf <<END
Dir::State "/fetch/apt"; Dir::State::lists "/fetch/apt/lists"; Dir::State::status "/fetch/apt/status";
Dir::Cache "/fetch/apt/cache"; Dir::Cache::pkgcache ""; Dir::Cache::srcpkgcache "";
Dir::Log "/fetch/apt"; APT::Sandbox::User ""; Acquire::Languages "none";
END
export APT_CONFIG=/fetch/apt/apt.conf
apt-get -q -o APT::Update::Error-Mode=any update >&2
mkdir /fetch/deb && cd /fetch/deb
apt-get -q download linux-source-${version} >&2
dpkg-deb -x /fetch/deb/*.deb /fetch/root`;

/** Unpacks the package, but for the half of it that is never configured and nothing includes. */
export const unpackScript = `set -eu
umask 022
tar -xJf "$1/root/usr/src/linux-source-${version}.tar.xz" -C "$2" --strip-components=1 \\
  --wildcards --exclude='*/drivers/gpu/drm/*.[ch]' --exclude='*/drivers/net/*.[ch]' \\
  --exclude='*/Documentation/*/*'`;

/**
 * Makes a vendor's key that the kernel may trust, configures and builds. `modules` builds none, but it is what writes Module.symvers. What goes
 * in the end, no build of a module needs.
 */
export const buildScript = `set -eu
umask 022
source=$1 out=$2 image=$3; shift 3
mkdir -p "$out/certs"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 \
  -subj '/CN=Vendor of modules' -keyout "$out/certs/vendor.pem" -out "$out/certs/vendor.x509.pem"
make -C "$source" O="$out" "$@" KCONFIG_ALLCONFIG="$out/tiny.config" allnoconfig
if grep '^CONFIG_' "$out/tiny.config" | grep -vxFf "$out/.config"; then
  echo 'Kconfig did not take the lines above' >&2; exit 1
fi
make -C "$source" O="$out" "$@" -j"$(nproc)" vmlinux modules "$image"
find "$out" -type f '(' -name '*.[ado]' -o -name '.*.cmd' -o -name '.tmp_*' ')' -delete`;
