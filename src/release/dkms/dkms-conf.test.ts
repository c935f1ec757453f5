import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { kbuildErrorOf } from '../../../test/support/kbuild-error-of.js';
import { confValue, makeVariable } from './conf-value.js';
import { renderDkmsConf, type DkmsConf } from './dkms-conf.js';

const conf: DkmsConf = {
  name: 'demo',
  version: '1.0',
  make: ['make', '-C ${kernel_source_dir}', makeVariable('KCFLAGS', '-DA -DB=1')],
  modules: [
    { name: 'demo', location: '' },
    { name: 'demo-usb', location: 'usb/' },
  ],
  destination: '/updates/dkms',
  patches: [{ file: 'old.patch', match: String.raw`^(5\.1[0-9]|6\.1)\.` }],
  buildDepends: ['exporter'],
  machines: ['aarch64', 'x86_64'],
  kernelMin: '5.10',
  kernelMax: undefined,
  config: ['CONFIG_USB', '!CONFIG_PREEMPT_RT'],
};

/** What a program of bash makes of a dkms.conf. */
const bash = (text: string, expression: string): string =>
  execFileSync('bash', ['-c', `kernel_source_dir=/kdir; . <(cat); echo ${expression}`], {
    input: text,
    encoding: 'utf8',
  }).trim();

describe('renderDkmsConf', () => {
  const text = renderDkmsConf(conf);

  it.each([
    ['"$PACKAGE_NAME $PACKAGE_VERSION $AUTOINSTALL"', 'demo 1.0 yes'],
    ['"${MAKE[0]}"', "make -C /kdir KCFLAGS='-DA -DB=1'"],
    ['"${BUILT_MODULE_NAME[1]} in ${BUILT_MODULE_LOCATION[1]}"', 'demo-usb in usb/'],
    ['"${#BUILT_MODULE_LOCATION[@]} ${DEST_MODULE_LOCATION[*]}"', '1 /updates/dkms /updates/dkms'],
    ['"${PATCH[0]} ${PATCH_MATCH[0]}"', String.raw`old.patch ^(5\.1[0-9]|6\.1)\.`],
    ['"${BUILD_DEPENDS[*]}"', 'exporter'],
    ['"$BUILD_EXCLUSIVE_ARCH"', '^(aarch64|x86_64)$'],
    ['"$BUILD_EXCLUSIVE_KERNEL_MIN-$BUILD_EXCLUSIVE_KERNEL_MAX"', '5.10-'],
    ['"$BUILD_EXCLUSIVE_CONFIG"', 'CONFIG_USB !CONFIG_PREEMPT_RT'],
    ['"${CLEAN-none}"', 'none'],
    ['$([[ 6.1.0-56-amd64 =~ ${PATCH_MATCH[0]} ]] && echo yes)', 'yes'],
    ['$([[ i686 =~ $BUILD_EXCLUSIVE_ARCH ]] || echo no)', 'no'],
  ])('gives bash %s as %s', (expression, value) => {
    expect(bash(text, expression)).toBe(value);
  });

  it('refuses a package without modules, and two of one name', async () => {
    const none = await kbuildErrorOf(() => renderDkmsConf({ ...conf, modules: [] }));
    expect(none.code).toBe('DKMS_PACK_MODULES');
    const modules = [
      { name: 'demo', location: '' },
      { name: 'demo', location: 'usb/' },
    ];
    const twice = await kbuildErrorOf(() => renderDkmsConf({ ...conf, modules }));
    expect(twice.message).toContain("two modules 'demo'");
  });
});

describe('confValue', () => {
  it.each(['a"b', '`id`', '$(id)', '$HOME', 'a\nb', 'a  b', 'a\\', 'a\\"', ' a'])(
    'refuses %j, which dkms would read as something else',
    async (value) => {
      expect((await kbuildErrorOf(() => confValue(value, 'X'))).code).toBe('DKMS_PACK_VALUE');
    },
  );

  it('refuses what the shell would read in a variable of make', async () => {
    const { message } = await kbuildErrorOf(() => makeVariable('A', 'x;id'));
    expect(message).toContain('the make variable A');
  });
});
