/**
 * Every finding of `verify`: the check that it belongs to, why the kernel minds (Linux 6.1,
 * kernel/module/), and what to do. Codes are permanent: scripts match on them. docs/verify.md has
 * them all.
 */
export const findingCatalogue = {
  MACHINE_MISMATCH: {
    check: 'machine',
    explanation: 'The kernel loads objects of its own machine, word size and byte order alone.',
    remedy: 'Build it for the architecture of this kernel.',
  },
  NOT_RELOCATABLE: {
    check: 'machine',
    explanation:
      'A module is a relocatable object; the kernel does the last step of linking itself.',
    remedy: 'Give the .ko that Kbuild made, not a program or a shared library.',
  },
  NOT_A_MODULE: {
    check: 'machine',
    explanation:
      'The kernel finds its own description of the module in the module, where modpost put it.',
    remedy: 'Give the .ko that Kbuild linked, not one of the objects that it is made of.',
  },
  SYMBOL_TABLE_MISSING: {
    check: 'machine',
    explanation:
      'The kernel links a module by its symbol table; without one it says "module has no symbols".',
    remedy: "Strip it with 'strip --strip-debug' alone, as modules_install does.",
  },
  VERMAGIC_MISSING: {
    check: 'vermagic',
    explanation:
      'A kernel without CONFIG_MODULE_FORCE_LOAD refuses a module without a vermagic; one with it loads it and taints itself.',
    remedy: "Build it with Kbuild: 'make -C KDIR M=…'; do not strip .modinfo.",
  },
  VERMAGIC_MISMATCH: {
    check: 'vermagic',
    explanation:
      'The kernel compares the vermagic: its release (unless the module has CRCs), and SMP, preemption, unloading, versions and arch always.',
    remedy: "Build it against this kernel's headers.",
  },
  VERMAGIC_RELEASE_DIFFERS: {
    check: 'vermagic',
    explanation:
      'The module has CRCs, so the kernel ignores the release in its vermagic: it loads if all CRCs agree. depmod and modprobe still look for it below its own release.',
    remedy: "Build it against this kernel's headers if it is to be shipped for it.",
  },
  VERMAGIC_UNKNOWN: {
    check: 'vermagic',
    explanation:
      "The kernel's structures are randomised: its vermagic ends in a hash that the KDIR does not tell.",
    remedy: 'Load it on the kernel itself to know.',
  },
  NAME_MISMATCH: {
    check: 'name',
    explanation: 'The kernel knows the module by the name in it, modprobe by that of its file.',
    remedy: 'Name the file as the module calls itself.',
  },
  NAME_MISSING: {
    check: 'name',
    explanation: 'Kernels before 4.13 do not record the name in the module.',
    remedy: 'Nothing, if it is for such a kernel.',
  },
  LICENSE_MISSING: {
    check: 'license',
    explanation:
      'Without MODULE_LICENSE the module counts as proprietary: it taints the kernel and gets no GPL-only symbol.',
    remedy: 'Add MODULE_LICENSE to the source.',
  },
  LICENSE_MISMATCH: {
    check: 'license',
    explanation: "The project's configuration says which licence its modules must declare.",
    remedy: 'Mend MODULE_LICENSE in the source, or license in the configuration.',
  },
  LAYOUT_MISMATCH: {
    check: 'symbols',
    explanation:
      'The CRC of module_layout stands for struct module: it is another one in this kernel.',
    remedy: "Build it against this kernel's headers.",
  },
  SYMBOL_UNDEFINED: {
    check: 'symbols',
    explanation:
      'Loading fails with "Unknown symbol": neither the kernel nor a module that was given exports it.',
    remedy:
      'Give the module that exports it too, or build against a kernel that does (it may be trimmed: CONFIG_TRIM_UNUSED_KSYMS).',
  },
  SYMBOL_CRC_MISMATCH: {
    check: 'symbols',
    explanation:
      'Loading fails with "disagrees about version of symbol": its types have changed since the module was built.',
    remedy: "Build it against this kernel's headers, and against the very modules that it uses.",
  },
  SYMBOL_CRC_MISSING: {
    check: 'symbols',
    explanation:
      'The module has CRCs, but none for this symbol: mainline kernels warn and load it, some (Debian) refuse.',
    remedy: 'Build it again with the Module.symvers of all that it uses (KBUILD_EXTRA_SYMBOLS).',
  },
  VERSIONS_MISSING: {
    check: 'symbols',
    explanation:
      'The kernel has MODVERSIONS and the module no CRCs: it is refused, or, with CONFIG_MODULE_FORCE_LOAD, loaded with a taint.',
    remedy: 'Build it against the KDIR of a kernel with MODVERSIONS and with its Module.symvers.',
  },
  SYMBOL_GPL_ONLY: {
    check: 'symbols',
    explanation:
      'The symbol is exported for modules of a GPL-compatible licence; for others it does not exist.',
    remedy: 'Use another interface, or license the module accordingly.',
  },
  NAMESPACE_NOT_IMPORTED: {
    check: 'symbols',
    explanation: 'The symbol is exported in a namespace that the module must import.',
    remedy: 'Add MODULE_IMPORT_NS to the source.',
  },
  SYMBOL_FROM_PROPRIETARY: {
    check: 'symbols',
    explanation:
      'A module that uses GPL-only symbols may not use symbols of a proprietary module: the kernel refuses it.',
    remedy: 'Do without the one or the other, or license the module that exports the symbol.',
  },
  EXPORT_CRC_MISSING: {
    check: 'symbols',
    explanation:
      'The kernel has MODVERSIONS and the symbols that the module exports have no CRCs: it is refused, or, with CONFIG_MODULE_FORCE_LOAD, loaded with a taint.',
    remedy: 'Build it against the KDIR of a kernel with MODVERSIONS.',
  },
  EXPORT_DUPLICATE: {
    check: 'symbols',
    explanation:
      'Loading fails with "exports duplicate symbol" while another owner of the symbol is there.',
    remedy: 'Rename the symbol, make it static, or do not load both.',
  },
  LIVEPATCH_UNSUPPORTED: {
    check: 'features',
    explanation: 'The module is a livepatch, and the kernel was built without CONFIG_LIVEPATCH.',
    remedy: 'Load it on a kernel with livepatching.',
  },
  RETPOLINE_MISSING: {
    check: 'features',
    explanation:
      'The kernel is built with retpolines and the module without: it loads, and makes the machine open to Spectre variant 2.',
    remedy: "Build it with a compiler that knows retpolines and with the kernel's own flags.",
  },
  COMPRESSION_UNREADABLE: {
    check: 'compression',
    explanation: "The kernel's own decompressor would refuse this file.",
    remedy:
      'Compress it as modules_install does: gzip -n, xz --check=crc32 --lzma2=dict=1MiB, zstd.',
  },
  COMPRESSION_NOT_CONFIGURED: {
    check: 'compression',
    explanation:
      'The kernel was not configured for modules compressed like this (CONFIG_MODULE_COMPRESS_*): kmod must decompress them, if it was built with the library for it; insmod of BusyBox or an initramfs may not.',
    remedy: 'Ship it as the kernel is configured, or uncompressed.',
  },
  SIGNATURE_MISSING: {
    check: 'signature',
    explanation:
      'A kernel with CONFIG_MODULE_SIG taints itself when it loads an unsigned module; one that enforces signatures (CONFIG_MODULE_SIG_FORCE, module.sig_enforce, lockdown under Secure Boot) refuses it.',
    remedy: "Sign it as the last step ('kbuild-ts sign'): strip and objcopy take a signature away.",
  },
  SIGNATURE_NOT_LAST: {
    check: 'signature',
    explanation:
      'There is a signature in the file, but bytes follow it: for the kernel the module is unsigned.',
    remedy: 'Sign it after everything else that changes the file.',
  },
  SIGNATURE_INVALID: {
    check: 'signature',
    explanation:
      'A kernel with CONFIG_MODULE_SIG refuses a module with a broken signature, even where it would load an unsigned one.',
    remedy: 'Sign it again, from its unsigned bytes, as the last step.',
  },
  SIGNATURE_UNTRUSTED: {
    check: 'signature',
    explanation:
      'The signer is none of the given certificates, nor built into the given kernel image. The kernel may know it from elsewhere (MOK, secondary keyring).',
    remedy:
      "Give the signer's certificate (--cert), enrol it, or sign with a key that the kernel trusts.",
  },
  SIGNATURE_UNVERIFIED: {
    check: 'signature',
    explanation: 'A signature proves nothing until it is verified against a certificate.',
    remedy: 'Give --cert with the certificates that the kernel trusts, or --kernel-image.',
  },
  SIGNATURE_UNSUPPORTED: {
    check: 'signature',
    explanation:
      'The signature is of a kind that cannot be verified here, so nothing is said of it.',
    remedy: 'Verify it on the kernel itself.',
  },
  SIGNATURE_CRYPTO_MISSING: {
    check: 'signature',
    explanation:
      'Verifying needs the digest and the cipher built into the kernel (CONFIG_CRYPTO_*=y); without them the signature counts as none.',
    remedy: "Sign with the kernel's own hash (CONFIG_MODULE_SIG_HASH).",
  },
  SIGNATURE_CRYPTO_MODULE: {
    check: 'signature',
    explanation:
      'The kernel loads the digest or the cipher by modprobe when it verifies the first such signature: before the root file system is there, it may not be found.',
    remedy: "Nothing, if it is loaded later; else sign with the kernel's own hash.",
  },
  SIGNATURE_NOT_CHECKED: {
    check: 'signature',
    explanation:
      'The kernel was built without CONFIG_MODULE_SIG: it takes no notice of signatures.',
    remedy: 'Nothing.',
  },
  KMI_SYMBOL_NOT_LISTED: {
    check: 'kmi',
    explanation:
      'An Android kernel keeps stable (and may export) only the symbols of its KMI symbol lists.',
    remedy: 'Do without the symbol, or have it added to the list.',
  },
} as const satisfies Record<string, { check: string; explanation: string; remedy: string }>;
