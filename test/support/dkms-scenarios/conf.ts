import { usual, type Scenarios } from '../dkms-scenario.js';

/** What a dkms.conf may be, well and badly written. */
export const confScenarios: Scenarios = {
  plain: { verdict: 'built', dkms: 0 },
  empty: {
    conf: '',
    verdict: 'DKMS_CONF_INVALID',
    says: [/no PACKAGE_NAME; no PACKAGE_VERSION/],
    dkms: 8,
  },
  invalid: {
    conf: `PACKAGE_NAME="SELF"
PACKAGE_VERSION="1.0"
DEST_MODULE_NAME[0]="bar.ko"
DEST_MODULE_LOCATION="/wrong/path"
BUILT_MODULE_NAME[1]="bar.o"
DEST_MODULE_NAME[1]="foo"
AUTOINSTALL="maybe"
`,
    verdict: 'DKMS_CONF_INVALID',
    says: [
      /module 0: no BUILT_MODULE_NAME/,
      /module 0: DEST_MODULE_NAME is 'bar\.ko'/,
      /module 0: DEST_MODULE_LOCATION is '\/wrong\/path'/,
      /module 1: BUILT_MODULE_NAME is 'bar\.o'/,
      /module 1: no DEST_MODULE_LOCATION/,
      /AUTOINSTALL is 'maybe'/,
    ],
    dkms: 8,
  },
  syntax_error: {
    conf: `${usual}if [ x; then\nfi }\n`,
    verdict: 'DKMS_CONF_INVALID',
    says: [/dkms\.conf: line 7: /],
    dkms: { exit: 0, since: 'dkms builds with what stands before the error' },
  },
  sparse: {
    conf: `PACKAGE_NAME="SELF"
PACKAGE_VERSION="1.0"
BUILT_MODULE_NAME[1]="one"
DEST_MODULE_LOCATION[1]="/kernel/extra"
BUILT_MODULE_NAME[3]="three"
DEST_MODULE_LOCATION[3]="/kernel/extra"
DEST_MODULE_LOCATION[4]="/oops"
`,
    verdict: 'DKMS_CONF_INVALID',
    says: [0, 2, 4].map((index) => new RegExp(`module ${index}: no BUILT_MODULE_NAME`)),
    dkms: 8,
  },
  far_index: {
    conf: `${usual}BUILT_MODULE_NAME[9999]="far"\n`,
    verdict: 'DKMS_CONF_INVALID',
    says: [/BUILT_MODULE_NAME\[9999\]/],
  },
  zero_modules: {
    conf: 'PACKAGE_NAME="SELF"\nPACKAGE_VERSION="1.0"\nMAKE="make -v"\n',
    verdict: 'BUILD_NO_MODULES',
    says: [/dkms\.conf names no module/],
    dkms: { exit: 0, since: 'dkms is content with nothing; a build that gives nothing is none' },
  },
  default_name: {
    conf: 'PACKAGE_NAME="SELF"\nPACKAGE_VERSION="1.0"\nDEST_MODULE_LOCATION="/updates-dkms-test"\n',
    verdict: 'built',
    dkms: 0,
  },
  no_source: {
    bare: true,
    verdict: 'DKMS_CONF_INVALID',
    says: [/no source beside dkms\.conf/],
    dkms: 8,
  },
  crlf: { conf: usual.replaceAll('\n', '\r\n'), verdict: 'built', dkms: 0 },
  crlf_blocks: {
    conf: `${usual}if [ -n "$kernelver" ]; then\n  POST_INSTALL="a b"\nfi\n`.replaceAll(
      '\n',
      '\r\n',
    ),
    verdict: 'built',
    also: ({ dkms }) => {
      if (dkms?.hooks['POST_INSTALL'] !== 'a b') throw new Error(JSON.stringify(dkms?.hooks));
    },
    dkms: 0,
  },
  no_version: {
    conf: usual.replace(/PACKAGE_VERSION.*\n/, ''),
    verdict: 'DKMS_CONF_INVALID',
    says: [/no PACKAGE_VERSION/],
    dkms: 8,
  },
  empty_version: {
    conf: usual.replace('"1.0"', '""'),
    verdict: 'DKMS_CONF_INVALID',
    says: [/no PACKAGE_VERSION/],
    dkms: 8,
  },
  noisy: {
    conf: `echo on stdout; echo on stderr >&2\n${usual}printf 'more\\0 noise' | cat\n`,
    verdict: 'built',
    log: [/on stdout/, /on stderr/],
    dkms: 0,
  },
  duplicate: {
    conf: `${usual}BUILT_MODULE_NAME[1]="SELF"\nDEST_MODULE_LOCATION[1]="/updates"\n`,
    verdict: 'DKMS_CONF_INVALID',
    says: [/module 1: 'SELF' is there twice \(BUILT_/, /module 1: 'SELF' is there twice \(DEST_/],
    dkms: 8,
  },
  duplicate_built: {
    conf: `${usual}BUILT_MODULE_NAME[1]="SELF"\nDEST_MODULE_NAME[1]="x"\nDEST_MODULE_LOCATION[1]="/extra"\n`,
    verdict: 'DKMS_CONF_INVALID',
    says: [/module 1: 'SELF' is there twice \(BUILT_MODULE_NAME\)$/],
    dkms: 8,
  },
  duplicate_dest: {
    conf: `${usual}BUILT_MODULE_NAME[1]="x"\nDEST_MODULE_NAME[1]="SELF"\nDEST_MODULE_LOCATION[1]="/extra"\n`,
    verdict: 'DKMS_CONF_INVALID',
    says: [/module 1: 'SELF' is there twice \(DEST_MODULE_NAME\)$/],
    dkms: 8,
  },
  wrong_words: {
    conf: `${usual}AUTOINSTALL=1\nNO_WEAK_MODULES=true\nBUILD_DEPENDS_REBUILD=y\n`,
    verdict: 'DKMS_CONF_INVALID',
    says: [/AUTOINSTALL is '1'/, /NO_WEAK_MODULES is 'true'/, /BUILD_DEPENDS_REBUILD is 'y'/],
    dkms: 8,
  },
  right_words: {
    conf: `${usual}AUTOINSTALL=YES\nNO_WEAK_MODULES=No\nBUILD_DEPENDS_REBUILD=\n`,
    verdict: 'built',
    also: ({ dkms }) => {
      if (dkms?.autoinstall !== true || dkms.noWeakModules) throw new Error(JSON.stringify(dkms));
    },
  },
  deprecated: {
    conf: `${usual}REMAKE_INITRD="yes"\nCLEAN="true"\nMODULES_CONF[0]="alias a b"\n`,
    verdict: 'built',
    says: [/^REMAKE_INITRD is deprecated/m, /^MODULES_CONF is deprecated/m],
    also: ({ diagnostics }) => {
      if (diagnostics.length !== 2) throw new Error('CLEAN="true" is a habit, and no mistake');
    },
    dkms: 0,
  },
  name_blank: {
    conf: usual.replace('"SELF"', '"a b"'),
    verdict: 'DKMS_CONF_INVALID',
    says: [/PACKAGE_NAME is 'a b'/],
  },
  name_slash: {
    conf: usual.replace('"SELF"', '"../SELF"'),
    verdict: 'DKMS_CONF_INVALID',
    says: [/PACKAGE_NAME is '\.\.\/SELF'/],
  },
  name_escape: {
    conf: usual.replace('"SELF"', () => "$'\\e[31mred'"),
    verdict: 'DKMS_CONF_INVALID',
    says: [/PACKAGE_NAME is '\ufffd\[31mred'/],
  },
  version_slash: {
    conf: usual.replace('"1.0"', '"1.0/../../2"'),
    verdict: 'DKMS_CONF_INVALID',
    says: [/PACKAGE_VERSION is '1\.0\/\.\.\/\.\.\/2'/],
  },
  module_slash: {
    conf: `${usual}BUILT_MODULE_NAME[1]="a/b"\nDEST_MODULE_LOCATION[1]="/extra"\nDEST_MODULE_NAME[0]="../c"\n`,
    verdict: 'DKMS_CONF_INVALID',
    says: [/BUILT_MODULE_NAME is 'a\/b'/, /DEST_MODULE_NAME is '\.\.\/c'/],
  },
  module_escape: {
    conf: `${usual}BUILT_MODULE_NAME[1]=$'a\\e]0;title\\a'\nDEST_MODULE_LOCATION[1]="/extra"\n`,
    verdict: 'DKMS_CONF_INVALID',
    says: [/module 1: BUILT_MODULE_NAME is 'a\ufffd\]0;title\ufffd'/],
  },
  location_out: {
    conf: `${usual}BUILT_MODULE_LOCATION[0]="../../x"\n`,
    verdict: 'DKMS_CONF_INVALID',
    says: [/BUILT_MODULE_LOCATION is '\.\.\/\.\.\/x', which leaves the source tree/],
  },
};
