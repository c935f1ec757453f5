# What a dkms.conf means for one kernel, and the build that it describes: as dkms(8) 3 does it, for a
# kernel that need not be this machine's. Runs in the container of a job, after lines that set:
#
#   kt_mode       show: say what it means, and no more; build: do it
#   kt_source     the source tree, read-only
#   kt_directory  the name of its directory in /usr/src
#   kt_kdir       the kernel build directory
#   kernelver     the kernel release
#   arch          what `uname -m` says there
#   kt_prefix     CROSS_COMPILE, where the compiler is not this machine's own, else empty
#   kt_debian     the name of its architecture in Debian
#   kt_tool       the program that stands for those of this machine
#   kt_binutils   the prefix of the target's strip and objcopy, where they are not this machine's own
#   kt_jobs       how many processes make may run at once
#   kt_tokens     the pipe of tokens by which make asks for more processes, if there is one
#   kt_makeflags  MAKEFLAGS: how many processes, variables for every make
#   kt_symvers    symbol files of the projects that it depends on, by blanks
#   kt_available  PACKAGE_NAMEs of these projects
#   kt_directives NAME=value, for more than dkms.conf says
#   kt_with       name=path: source trees beside it in /usr/src
#
# Standard output: a tar archive with `record` (fields that end in NUL: a key, its value, and so on)
# and, of a build, `module/<name>.ko`, every Module.symvers, and other modules that came out. All
# that is said goes to standard error. Exit status: 0 if all went well or nothing was to be done.

exec 3>&1 1>&2 < /dev/null # 3: the archive
umask 022
shopt -s extglob
unset MAKEFLAGS MFLAGS MAKELEVEL
[[ ! $kt_makeflags ]] || export MAKEFLAGS=$kt_makeflags
[[ ! $kt_tokens ]] || exec 9<> "$kt_tokens" # MAKEFLAGS names it

kt_state=/tmp/.kbuild-ts
mkdir -p "$kt_state"
: > "$kt_state/record"

# The variables that dkms sets for a dkms.conf.
dkms_tree=/var/lib/dkms
source_tree=/usr/src
install_tree=/lib/modules
tmp_location=/tmp
kernel_source_dir=$install_tree/$kernelver/build
parallel_jobs=$kt_jobs
module=
module_version=

kt_say() { printf 'kbuild-ts: %s\n' "$*"; }
kt_record() { printf '%s\0%s\0' "$1" "$2" >> "$kt_state/record"; }

# Ends the run with all that there is to deliver. $1: exit status, $2: how it ended, $3: a word more
kt_end() {
  kt_record end "$2"
  [[ ! $3 ]] || kt_record detail "$3"
  local contents=(-C "$kt_state" record)
  if [[ -d $kt_base/module ]]; then
    contents+=(-C "$kt_base" module -C "$kt_version_tree" --null -T "$kt_state/others")
    (
      cd "$kt_version_tree" && find build -type f -name Module.symvers -print0
      kt_unlisted
    ) > "$kt_state/others"
  fi
  tar -cf - "${contents[@]}" >&3
  exit "$1"
}

# --- What programs find that ask for the machine and its kernel

kt_prepare_machine() {
  # Read by the uname of the image, and by the tools below.
  export KBUILD_TS_RELEASE=$kernelver KBUILD_TS_MACHINE=$arch KBUILD_TS_DEBIAN=$kt_debian
  export KBUILD_TS_BINUTILS=$kt_binutils KBUILD_TS_VERSION
  KBUILD_TS_VERSION="#1 SMP$(sed -n 's/^#define LINUX_PACKAGE_ID "\(.*\)"/\1/p' \
    "$kt_kdir/include/generated/package.h" 2> /dev/null)"
  kt_say "uname says $kernelver, $arch"
  [[ ! $kt_prefix ]] || export CROSS_COMPILE=$kt_prefix
  local tree=$install_tree/$kernelver place
  mkdir -p "$tree"
  [[ -e $tree/build ]] || ln -s "$kt_kdir" "$tree/build"
  [[ -e $tree/source ]] || ln -s "$(kt_kernel_source)" "$tree/source"
  ln -s "$kt_kdir/.config" "/boot/config-$kernelver"
  kt_say "$tree/build is $kt_kdir"
  if [[ -e $kernel_source_dir/include/config/auto.conf ]]; then
    kernel_config=$kernel_source_dir/include/config/auto.conf
  else
    kernel_config=$kernel_source_dir/.config
  fi
  kt_place "$kt_directory" "$kt_source"
  for place in "${kt_with[@]}"; do
    kt_place "${place%%=*}" "${place#*=}"
  done
}

# Puts programs first in PATH that work for the kernel's machine, and as if they were root's.
kt_prepare_tools() {
  local name names=(arch dpkg id whoami chown chgrp install)
  if [[ $kt_prefix ]]; then
    names+=(gcc cc "$CC" ld as)
    kt_say "CROSS_COMPILE is $kt_prefix; gcc, ld and as are the target's for what is the kernel's"
  fi
  if [[ $kt_binutils ]]; then
    names+=(strip objcopy objdump nm)
    kt_say "strip, objcopy, objdump and nm are the target's"
  fi
  mkdir -p "$kt_state/bin"
  for name in "${names[@]}"; do
    ln -sf "$kt_tool" "$kt_state/bin/$name"
  done
  PATH=$kt_state/bin:$PATH
}

# Where the kernel's own sources lie: a KDIR may be but a part of them.
kt_kernel_source() {
  local included
  included=$(sed -n 's|^include \(/.*\)/Makefile$|\1|p;s|^include \$(abspath \(.*\)/Makefile)$|\1|p' \
    "$kt_kdir/Makefile" 2> /dev/null | head -n 1)
  printf %s "${included:-$kt_kdir}"
}

# Puts a source tree into /usr/src, where a build may write to it. $1: its name there, $2: where it lies
kt_place() {
  [[ ! -e $source_tree/$1 ]] || return 0
  if [[ $kt_mode == show ]]; then
    ln -s "$2" "$source_tree/$1"
  else
    kt_copy "$2" "$source_tree/$1"
  fi
  kt_say "$source_tree/$1 is the source tree $1"
}

# Copies a tree. All of it has one age: or else make may find a configure older than what it was made
# of. $1: from, $2: to
kt_copy() {
  cp -R "$1" "$2" && find "$2" -exec touch -h -d @946684800 {} + || kt_end 1 disk
}

# Leaves out the debug information that strip would remove: a sixth of what compiling costs. Where the
# kernel has BTF for modules, that is made of it.
kt_skip_debug_information() {
  local index
  [[ ! -e $kt_kdir/vmlinux ]] || return 0
  for ((index = 0; index < kt_modules; index++)); do
    [[ ${kt_stripped[index]} || ${kt_excluded[index]} ]] || return 0
  done
  export KCFLAGS=-g0
  kt_record no-debug-information yes
  kt_say 'KCFLAGS is -g0: STRIP removes debug information'
}

# The compiler that dkms names to a build. For another machine than this one, programs that run
# during the build (those of a configure script) must still be compiled for this one.
kt_choose_compiler() {
  unset CC LD KERNEL_CC KERNEL_LD
  local named
  named=$(sed -n 's|^CONFIG_CC_VERSION_TEXT="*\([^" ]*\) .*|\1|p' "$kernel_config" 2> /dev/null)
  if grep -qs '^CONFIG_CC_IS_CLANG=y' "$kernel_config"; then
    named=clang
  fi
  if grep -qs '^CONFIG_LD_IS_LLD=y' "$kernel_config"; then
    export LD=ld.lld KERNEL_LD=ld.lld
  fi
  local plain=${named##*-linux-gnu-}
  command -v "$plain" > /dev/null || plain=gcc
  export CC=$plain KERNEL_CC=$named
}

# --- Reading dkms.conf

# What dkms knows; the last two lines are deprecated.
kt_directive_names=(
  PACKAGE_NAME PACKAGE_VERSION
  BUILT_MODULE_NAME BUILT_MODULE_LOCATION DEST_MODULE_NAME DEST_MODULE_LOCATION STRIP
  MAKE MAKE_MATCH PATCH PATCH_MATCH
  PRE_BUILD POST_BUILD POST_ADD PRE_INSTALL POST_INSTALL POST_REMOVE
  BUILD_DEPENDS BUILD_DEPENDS_REBUILD
  BUILD_EXCLUSIVE_KERNEL BUILD_EXCLUSIVE_KERNEL_MIN BUILD_EXCLUSIVE_KERNEL_MAX
  BUILD_EXCLUSIVE_ARCH BUILD_EXCLUSIVE_CONFIG OBSOLETE_BY
  AUTOINSTALL NO_WEAK_MODULES
  CLEAN REMAKE_INITRD
  MODULES_CONF MODULES_CONF_OBSOLETES MODULES_CONF_ALIAS_TYPE MODULES_CONF_OBSOLETE_ONLY
)

kt_problems=0
kt_problem() {
  kt_problems=$((kt_problems + 1))
  kt_say "dkms.conf: $1"
  kt_record problem "$1"
}
kt_warning() {
  kt_say "warning: $1"
  kt_record warning "$1"
}

# Sources a file in a shell of its own, and takes from it the directives that dkms knows, and no more.
# Whatever else the file does to that shell is lost with it. $1: the file, $2: its name in messages
kt_take() {
  local file=$1 name index value said whole=
  if grep -q $'\r$' "$file"; then # it comes from a machine that ends lines otherwise
    mkdir -p "$kt_state/lines"
    file=$kt_state/lines/dkms.conf
    tr -d '\r' < "$1" > "$file"
  fi
  if ! said=$(bash -O extglob -n "$file" 2>&1); then
    said=${said%%$'\n'*}
    kt_problem "${2}: ${said#"$file: "}"
    return
  fi
  (
    exec 4> "$kt_state/taken" 3>&-
    . "$file" 4>&-
    # Whatever functions it has of these names: in POSIX mode, unset itself cannot be one.
    POSIXLY_CORRECT=1
    unset -f unset set builtin declare printf
    set +eux +o posix
    for kt_name in "${kt_directive_names[@]}"; do
      declare -n kt_list=$kt_name
      for kt_index in "${!kt_list[@]}"; do
        builtin printf '%s\0%s\0%s\0' "$kt_name" "$kt_index" "${kt_list[$kt_index]}" >&4
      done
      unset -n kt_list
    done
    builtin printf 'end\0\0\0' >&4
  )
  while IFS= read -r -d '' name && IFS= read -r -d '' index && IFS= read -r -d '' value; do
    [[ $name != end ]] || whole=yes
    [[ " ${kt_directive_names[*]} " == *" $name "* && $index =~ ^[0-9]+$ ]] || continue
    if ((${#index} > 3)); then
      kt_problem "$2: $name[$index] is out of all reason: the last one is $name[999]"
      continue
    fi
    value=${value%$'\r'}
    value=${value//+([[:space:]])/ }
    [[ $value != *[\$\`\\]* ]] || kt_expand
    printf -v "$name[$index]" %s "$value"
  done < "$kt_state/taken"
  [[ $whole ]] || kt_problem "$2 ends its shell before its end: nothing of it can be read"
}

# Expands value once more, in double quotes: dkms takes over what it has read by sourcing it again. (There
# a value with such quotes falls apart; here it stays as it is.)
kt_expand() {
  local expanded
  [[ $value != *\"* ]] || return 0
  ! expanded=$(eval "printf %s \"$value\"" 3>&-) || value=$expanded
}

kt_read_conf() {
  local conf=$kt_source/dkms.conf overlay directive name
  unset "${kt_directive_names[@]}"
  kt_take "$conf" dkms.conf
  # A conf may ask for the names that it gives itself: dkms knows them the second time.
  if [[ $PACKAGE_NAME && $PACKAGE_VERSION ]] && grep -q '\$[{]\?module' "$conf"; then
    module=$PACKAGE_NAME module_version=$PACKAGE_VERSION
    unset "${kt_directive_names[@]}"
    kt_take "$conf" dkms.conf
  fi
  module=$PACKAGE_NAME module_version=$PACKAGE_VERSION
  for overlay in "$module" "$module-$module_version" "$module-$module_version-$kernelver" \
    "$module-$module_version-$kernelver-$arch" "$module--$kernelver" "$module--$kernelver-$arch"; do
    [[ -e /etc/dkms/$overlay.conf ]] || continue
    kt_say "overlay $overlay.conf"
    kt_record overlay "$overlay.conf"
    kt_take "/etc/dkms/$overlay.conf" "$overlay.conf"
  done
  for directive in "${kt_directives[@]}"; do
    name=${directive%%=*}
    printf -v "$name" %s "${directive#*=}"
    kt_say "directive $directive"
  done
  module=$PACKAGE_NAME module_version=$PACKAGE_VERSION
}

# --- What it means

kt_check_identity() {
  local name value
  for name in PACKAGE_NAME PACKAGE_VERSION; do
    value=${!name}
    if [[ ! $value ]]; then
      kt_problem "no $name"
    elif [[ ! $value =~ ^[[:alnum:]_][[:alnum:]_+.:~@-]*$ ]]; then
      kt_problem "$name is '$value', which cannot be the name of a directory"
    fi
  done
  for name in AUTOINSTALL BUILD_DEPENDS_REBUILD NO_WEAK_MODULES; do
    [[ ${!name} =~ ^([Yy][Ee][Ss]|[Nn][Oo])?$ ]] || kt_problem "$name is '${!name}': write yes or no"
  done
  for name in CLEAN REMAKE_INITRD MODULES_CONF MODULES_CONF_OBSOLETES MODULES_CONF_ALIAS_TYPE \
    MODULES_CONF_OBSOLETE_ONLY; do
    [[ $name != CLEAN || ${CLEAN##*/} != true ]] || continue
    [[ ! ${!name} ]] || kt_warning "$name is deprecated, and has no effect"
  done
}

# Makes location a path relative to the directory of the build, with a / at its end; fails if it leaves
# that directory.
kt_normalise_location() {
  local build=$dkms_tree/$module/$module_version/build path
  [[ $location ]] || return 0
  path=$(cd / && realpath -m -s "$build/$location")/
  [[ $path == "$build"/* ]] && location=${path#"$build"/}
}

# The modules: arrays that belong together, and may have holes.
kt_modules=0
kt_module_name='^[[:alnum:]_][[:alnum:]_+.,~-]*$'
kt_resolve_modules() {
  local index seen_built=' ' seen_dest=' '
  for index in "${!BUILT_MODULE_NAME[@]}" "${!BUILT_MODULE_LOCATION[@]}" \
    "${!DEST_MODULE_NAME[@]}" "${!DEST_MODULE_LOCATION[@]}"; do
    ((index < kt_modules)) || kt_modules=$((index + 1))
  done
  for ((index = 0; index < kt_modules; index++)); do
    local built=${BUILT_MODULE_NAME[index]} location=${BUILT_MODULE_LOCATION[index]}
    local target=${DEST_MODULE_LOCATION[index]} strip=${STRIP[index]:-${STRIP[0]:-yes}}
    ((kt_modules > 1)) || built=${built:-$PACKAGE_NAME}
    local dest=${DEST_MODULE_NAME[index]:-$built}
    [[ $strip != [nN]* ]] || strip=no
    if [[ ! $built ]]; then
      kt_problem "module $index: no BUILT_MODULE_NAME"
    elif [[ $built == *.o || $built == *.ko ]]; then
      kt_problem "module $index: BUILT_MODULE_NAME is '$built': leave .o and .ko out"
    elif [[ $built == */* ]]; then
      kt_problem "module $index: BUILT_MODULE_NAME is '$built': put its directory into BUILT_MODULE_LOCATION"
    elif [[ ! $built =~ $kt_module_name ]]; then
      kt_problem "module $index: BUILT_MODULE_NAME is '$built', which is no name of a module"
    elif [[ $seen_built == *" $location$built "* ]]; then
      kt_problem "module $index: '$location$built' is there twice (BUILT_MODULE_NAME)"
    fi
    if [[ $dest == *.o || $dest == *.ko || $dest == */* ]]; then
      [[ $dest == "$built" ]] || kt_problem "module $index: DEST_MODULE_NAME is '$dest': a name without .o, .ko or directory"
    elif [[ $dest && $dest != "$built" && ! $dest =~ $kt_module_name ]]; then
      kt_problem "module $index: DEST_MODULE_NAME is '$dest', which is no name of a module"
    elif [[ $dest && $seen_dest == *" $dest "* ]]; then
      kt_problem "module $index: '$dest' is there twice (DEST_MODULE_NAME)"
    fi
    kt_normalise_location || kt_problem "module $index: BUILT_MODULE_LOCATION is '$location', which leaves the source tree"
    case $target in
      '') kt_problem "module $index: no DEST_MODULE_LOCATION" ;;
      /kernel* | /updates* | /extra*) ;;
      *) kt_problem "module $index: DEST_MODULE_LOCATION is '$target': it must begin with /kernel, /updates or /extra" ;;
    esac
    seen_built+="$location$built " seen_dest+="$dest "
    kt_built[index]=$built kt_location[index]=$location kt_dest[index]=$dest
    kt_stripped[index]=yes
    [[ $strip != no ]] || kt_stripped[index]=
    kt_target[index]=$target
  done
  ((kt_modules > 0)) || kt_warning 'dkms.conf names no module'
}

# Sets kt_version to a version in the form in which dkms compares versions, as text: numbers of less
# than three digits are padded. $1: a version
kt_pad_version() {
  local rest=$1 number
  kt_version=
  while [[ $rest =~ ^([^0-9]*)([0-9]+)(.*)$ ]]; do
    printf -v number '%3s' "${BASH_REMATCH[2]}"
    kt_version+=${BASH_REMATCH[1]}${number// /0}
    rest=${BASH_REMATCH[3]}
  done
  kt_version+=$rest
}

# Whether a version goes before another. $1, $2: versions
kt_before() {
  local first
  kt_pad_version "$1" && first=$kt_version
  kt_pad_version "$2"
  [[ $first < $kt_version ]]
}

# A regular expression of dkms.conf against a text: 0 it matches, 1 not. $1: text, $2: expression
kt_matches() {
  [[ $1 =~ $2 ]]
  local status=$?
  ((status != 2)) || kt_warning "'$2' is no regular expression: it matches nothing"
  return "$status"
}

# Sets kt_rule to the rule that keeps a module from being built for this kernel, or to nothing.
# $1: the index of the rule: 0 is for all modules, another one for that module alone
kt_find_rule() {
  local kernel=${BUILD_EXCLUSIVE_KERNEL[$1]} min=${BUILD_EXCLUSIVE_KERNEL_MIN[$1]}
  local max=${BUILD_EXCLUSIVE_KERNEL_MAX[$1]} machine=${BUILD_EXCLUSIVE_ARCH[$1]} symbol
  local suffix=
  (($1 == 0)) || suffix="[$1]"
  kt_rule=
  if [[ $kernel ]] && ! kt_matches "$kernelver" "$kernel"; then
    kt_rule="BUILD_EXCLUSIVE_KERNEL$suffix is '$kernel'; the kernel is $kernelver"
  elif [[ $min ]] && kt_before "$kernelver" "$min"; then
    kt_rule="BUILD_EXCLUSIVE_KERNEL_MIN$suffix is $min; the kernel is $kernelver"
  elif [[ $max ]] && kt_before "$max" "$kernelver"; then
    kt_rule="BUILD_EXCLUSIVE_KERNEL_MAX$suffix is $max; the kernel is $kernelver"
  elif [[ $machine ]] && ! kt_matches "$arch" "$machine"; then
    kt_rule="BUILD_EXCLUSIVE_ARCH$suffix is '$machine'; the machine is $arch"
  elif [[ -e $kernel_config ]]; then
    for symbol in ${BUILD_EXCLUSIVE_CONFIG[$1]}; do
      if [[ $symbol == !* ]]; then
        grep -q "^${symbol#!}=[ym]" "$kernel_config" || continue
        kt_rule="BUILD_EXCLUSIVE_CONFIG$suffix is '$symbol'; the kernel has it"
      else
        ! grep -q "^$symbol=[ym]" "$kernel_config" || continue
        kt_rule="BUILD_EXCLUSIVE_CONFIG$suffix is '$symbol'; the kernel does not have it"
      fi
      return
    done
  fi
}

# Sets kt_excluded[index] to the rule that keeps each module from being built, kt_all to the one
# that keeps all of them.
kt_resolve_exclusion() {
  local index left=0
  if [[ $OBSOLETE_BY && ! $BUILD_EXCLUSIVE_KERNEL_MAX ]]; then
    BUILD_EXCLUSIVE_KERNEL_MAX=$OBSOLETE_BY
  fi
  kt_find_rule 0
  kt_all=$kt_rule
  [[ ! $kt_all ]] || return
  for ((index = 1; index < kt_modules; index++)); do
    kt_find_rule "$index"
    kt_excluded[index]=$kt_rule
  done
  for ((index = 0; index < kt_modules; index++)); do
    [[ ${kt_excluded[index]} ]] || left=1
  done
  ((left || kt_modules == 0)) || kt_all=${kt_excluded[kt_modules - 1]}
}

# As dkms counts them: an array's elements, not its indexes. $1: PATCH or MAKE, $2: how many it has,
# the others: its indexes
kt_warn_of_holes() {
  local name=$1 count=$2 index
  for index in "${@:3}"; do
    ((index < count)) || kt_warning "$name[$index] has no effect: $name has but $count elements, and dkms looks at as many"
  done
}

kt_resolve_make() {
  local index
  kt_warn_of_holes MAKE "${#MAKE[@]}" "${!MAKE[@]}"
  kt_warn_of_holes PATCH "${#PATCH[@]}" "${!PATCH[@]}"
  kt_make=
  [[ ${MAKE_MATCH[0]} ]] || kt_make=${MAKE[0]}
  for ((index = 0; index < ${#MAKE[@]}; index++)); do
    [[ ${MAKE[index]} && ${MAKE_MATCH[index]} ]] || continue
    ! kt_matches "$kernelver" "${MAKE_MATCH[index]}" || kt_make=${MAKE[index]}
  done
  [[ $kt_make ]] || kt_make="make -C $kernel_source_dir M=$dkms_tree/$module/$module_version/build"
  if grep -qs '^CONFIG_CC_IS_CLANG=y' "$kernel_config"; then
    kt_make+=' LLVM=1'
  fi
  kt_make=${kt_make/#make/make -j$parallel_jobs KERNELRELEASE=$kernelver}
  kt_patches=()
  for ((index = 0; index < ${#PATCH[@]}; index++)); do
    [[ ${PATCH[index]} ]] || continue
    if [[ ! ${PATCH_MATCH[index]} ]] || kt_matches "$kernelver" "${PATCH_MATCH[index]}"; then
      kt_patches+=("${PATCH[index]}")
    fi
  done
}

kt_record_meaning() {
  local index name
  kt_record name "$PACKAGE_NAME"
  kt_record version "$PACKAGE_VERSION"
  for ((index = 0; index < kt_modules; index++)); do
    kt_record module "${kt_built[index]}"
    kt_record location "${kt_location[index]}"
    kt_record dest "${kt_dest[index]}"
    kt_record target "${kt_target[index]}"
    kt_record strip "${kt_stripped[index]}"
    kt_record excluded "${kt_excluded[index]}"
  done
  kt_record make "$kt_make"
  for name in "${kt_patches[@]}"; do kt_record patch "$name"; done
  for name in "${BUILD_DEPENDS[@]}"; do kt_record depends "$name"; done
  for name in PRE_BUILD POST_BUILD POST_ADD PRE_INSTALL POST_INSTALL POST_REMOVE; do
    [[ ! ${!name} ]] || kt_record "$name" "${!name}"
  done
  [[ ! $AUTOINSTALL =~ ^[Yy] ]] || kt_record autoinstall yes
  [[ ! $NO_WEAK_MODULES =~ ^[Yy] ]] || kt_record no-weak-modules yes
  kt_record rule "$kt_all"
}

# --- The build

kt_check_dependencies() {
  local name missing=
  for name in "${BUILD_DEPENDS[@]}"; do
    [[ ! $name || " $kt_available " == *" $name "* ]] || missing+="${missing:+, }$name"
  done
  [[ ! $missing ]] || kt_end 1 dependency "$missing"
}

kt_copy_source() {
  local entries=("$kt_source"/*)
  ((${#entries[@]} > 1)) || kt_end 1 empty
  kt_version_tree=$dkms_tree/$module/$module_version
  kt_build=$kt_version_tree/build
  mkdir -p "$kt_version_tree" || kt_end 1 disk
  [[ -e $source_tree/$module-$module_version ]] ||
    ln -s "$kt_directory" "$source_tree/$module-$module_version"
  ln -s "$source_tree/$module-$module_version" "$kt_version_tree/source"
  kt_copy "$kt_source" "$kt_build"
  kt_say "it is built in $kt_build"
  cd "$kt_build" || kt_end 1 disk
}

kt_apply_patches() {
  local patch
  for patch in "${kt_patches[@]}"; do
    [[ /$patch/ != */../* && $patch != /* ]] || kt_end 1 patch-path "$patch"
    [[ -e patches/$patch ]] || kt_end 1 patch-missing "$patch"
    kt_say "applying patch $patch"
    patch -p1 < "patches/$patch" || kt_end 1 patch-failed "$patch"
  done
}

# Runs a hook, a program of the source tree with its arguments. $1: its directive, $2: the hook
kt_run_hook() {
  [[ $2 ]] || return 0
  local program=$kt_build/${2%% *}
  if [[ ! -x $program ]]; then
    kt_warning "$1 is '$2', and ${2%% *} is no program of the source tree: it is not run"
    return
  fi
  kt_say "running $1: $2"
  (cd "$kt_build" && eval "$kt_build/$2") 3>&- || kt_end 1 hook "$1 ($2) failed (exit $?)"
}

kt_run_make() {
  local index missing=
  [[ ! $kt_symvers ]] || export KBUILD_EXTRA_SYMBOLS=$kt_symvers
  kt_say "$kt_make"
  # A make with a number of its own would leave the pool.
  [[ ! $kt_tokens ]] || kt_command=${kt_make/#make -j$parallel_jobs /make }
  (eval "${kt_command:-$kt_make}") 3>&- || kt_end 1 make "$?"
  for ((index = 0; index < kt_modules; index++)); do
    [[ ! ${kt_excluded[index]} ]] || continue
    [[ -f ${kt_location[index]}${kt_built[index]}.ko ]] ||
      missing+="${missing:+, }${kt_location[index]}${kt_built[index]}.ko"
  done
  [[ ! $missing ]] || kt_end 1 missing "$missing"
}

kt_collect() {
  local index file
  kt_base=$kt_version_tree/$kernelver/$arch
  mkdir -p "$kt_base/module"
  for ((index = 0; index < kt_modules; index++)); do
    [[ ! ${kt_excluded[index]} ]] || continue
    file=${kt_location[index]}${kt_built[index]}.ko
    if [[ ${kt_stripped[index]} ]]; then
      # What it cannot read is no module of the kernel's machine: the verification says so.
      "${kt_binutils}strip" -g "$file" || kt_warning "$file cannot be stripped"
    fi
    cp "$file" "$kt_base/module/${kt_dest[index]}.ko" || kt_end 1 disk
  done
}

# Modules that came out and that dkms.conf does not name, each with a NUL at its end.
kt_unlisted() {
  local index options=()
  for ((index = 0; index < kt_modules; index++)); do
    options+=(! -path "build/${kt_location[index]}${kt_built[index]}.ko")
  done
  cd "$kt_version_tree" && find build -type f -name '*.ko' "${options[@]}" -print0
}

kt_prepare_machine
kt_choose_compiler
kt_prepare_tools
kt_read_conf
kt_check_identity
kt_resolve_modules
kt_resolve_exclusion
kt_resolve_make
kt_record_meaning
((kt_problems == 0)) || kt_end 1 invalid
[[ ! $kt_all ]] || kt_end 0 excluded
[[ $kt_mode != show ]] || kt_end 0 shown
kt_check_dependencies
kt_copy_source
kt_apply_patches
kt_skip_debug_information
kt_run_hook PRE_BUILD "$PRE_BUILD"
kt_run_make
kt_collect
kt_run_hook POST_BUILD "$POST_BUILD"
kt_end 0 built
