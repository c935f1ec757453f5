import { usual, type Scenarios } from '../dkms-scenario.js';

/** The overlays lie in `../overlay`: `writeOverlays` writes them. */
export const directiveScenarios: Scenarios = {
  directive: {
    conf: `${usual}MAKE="false"\nPOST_ADD="conf" POST_INSTALL="conf"\n`,
    config: `dkms:
  directives:
    "MAKE[0]": make -C $kernel_source_dir M=$dkms_tree/SELF/1.0/build
    POST_ADD: "a 'b' \\"c\\" $(touch /tmp/x) é"
    "DEST_MODULE_NAME[0]": SELF-directed`,
    verdict: 'built',
    modules: ['SELF-directed'],
    also: ({ dkms }) => {
      const { POST_ADD, POST_INSTALL } = dkms?.hooks ?? {};
      if (POST_ADD !== 'a \'b\' "c" $(touch /tmp/x) é' || POST_INSTALL !== 'conf') {
        throw new Error(JSON.stringify(dkms?.hooks));
      }
    },
  },
  overlaid: {
    conf: `${usual}POST_ADD="0" POST_INSTALL="0" POST_REMOVE="0" PRE_INSTALL="0"\n`,
    config: `dkms:
  overlay: ../overlay.d
  directives: { POST_REMOVE: directive }`,
    verdict: 'built',
    also: ({ dkms, release }) => {
      const orders = {
        overlays: ['SELF', 'SELF-1.0', `SELF-1.0-${release}`, `SELF-1.0-${release}-x86_64`]
          .concat(`SELF--${release}`, `SELF--${release}-x86_64`)
          .map((name) => `${name.replace('SELF', 'overlaid')}.conf`),
        hooks: {
          ...{ POST_ADD: '0', POST_REMOVE: 'directive', PRE_INSTALL: '01' },
          POST_INSTALL: `overlaid--${release}-x86_64`,
        },
      };
      const { overlays, hooks } = dkms ?? {};
      if (JSON.stringify(orders.overlays) !== JSON.stringify(overlays)) {
        throw new Error(JSON.stringify(overlays));
      }
      for (const [name, value] of Object.entries(orders.hooks)) {
        if (hooks?.[name] !== value) throw new Error(JSON.stringify(hooks));
      }
    },
  },
  overlay_broken: {
    config: 'dkms: { overlay: ../overlay.d }',
    verdict: 'DKMS_CONF_INVALID',
    says: [/overlay_broken\.conf: line 2: /],
  },
};

/** What stands for /etc/dkms in these scenarios. */
export const overlayFiles = (release: string): Record<string, string> => ({
  'overlaid.conf': 'POST_INSTALL=overlaid PRE_INSTALL="${PRE_INSTALL}1" POST_REMOVE=1\n',
  ...Object.fromEntries(
    [
      '-1.0',
      `-1.0-${release}`,
      `-1.0-${release}-x86_64`,
      `--${release}`,
      `--${release}-x86_64`,
    ].map((suffix) => [`overlaid${suffix}.conf`, `POST_INSTALL=overlaid${suffix}\n`]),
  ),
  ...Object.fromEntries(
    ['overlaid-2.0', 'overlai', 'overlaid-1.0-9.9', 'plain'].map((name) => [
      `${name}.conf`,
      'PACKAGE_NAME=wrong\n',
    ]),
  ),
  'overlay_broken.conf': 'if\n',
});
