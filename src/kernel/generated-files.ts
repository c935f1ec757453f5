/** What `make modules_prepare` writes, and nothing of a module can be compiled without. */
export const generatedHeaders = ['include/generated/autoconf.h', 'include/generated/utsrelease.h'];

/** What Kconfig tells Kbuild's Makefiles. */
export const autoConf = 'include/config/auto.conf';
