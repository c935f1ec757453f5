/**
 * Programs that compile: those of the toolchain, whatever Kbuild calls them for (also for its probes
 * of the compiler), and those that Kbuild itself runs over sources and objects. Make, shells, sed, cp
 * and tar are none. Names are as the kernel has them: 15 bytes, so that `aarch64-linux-gnu-ld` and
 * `aarch64-linux-gnu-gcc-12` are one.
 */
const toolchain =
  /^((x86_64|aarch64|arm|i686|riscv64|powerpc64le|s390x)-linux-g.*|cc1|collect2|lto1|lto-wrapper|as|ld(\..*)?|gcc|cc|cpp|clang|lld|ar|nm|strip|objcopy|objdump|readelf|ranlib|llvm-.*)(-\d+)?$/;

const kbuild =
  /^(fixdep|modpost|modpost\.real-.*|genksyms|objtool|objtool\.real-.*|recordmcount|sorttable|resolve_btfids|pahole|mk_elfconfig|sign-file)$/;

export const isCompiler = (program: string): boolean =>
  toolchain.test(program) || kbuild.test(program);

/** Of the engine: the daemons' short-lived helpers. `exe` is dockerd, run again by itself. */
export const isEngine = (program: string): boolean =>
  /^(runc|containerd|docker|exe$)/.test(program) && program !== 'docker';
