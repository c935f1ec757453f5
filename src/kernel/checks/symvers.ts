import { statSync } from 'node:fs';
import { isSet } from '../config.js';
import { kdirFinding, type KdirFinding } from '../findings.js';
import { readText } from '../read-text.js';
import { parseSymvers } from '../symvers.js';
import type { KdirCheck, KdirSubject } from './subject.js';

/** What is said of a KDIR without the file. */
export const noSymvers = (path: string): KdirFinding =>
  kdirFinding(
    'KDIR_NO_SYMVERS',
    'error',
    `${path} has no Module.symvers: without it no module's symbols can be resolved`,
  );

/** The file is there. */
export const checkSymversThere: KdirCheck = ({ find, path }) =>
  find('Module.symvers') === undefined ? [noSymvers(path)] : [];

/** It is of this configuration, as far as can be seen. Reads all of it. */
export const checkSymvers: KdirCheck = (subject) => {
  const { find, config, path } = subject;
  const file = find('Module.symvers');
  if (file === undefined) return [];
  const symbols = [...parseSymvers(readText(file)).values()];
  const ofKernel = symbols.filter(({ module }) => module === 'vmlinux');
  if (ofKernel.length === 0) {
    const what =
      symbols.length === 0
        ? 'lists no symbol'
        : `lists ${symbols.length} symbols of modules, and none of vmlinux`;
    return [kdirFinding('KDIR_SYMVERS_EMPTY', 'error', `${path}/Module.symvers ${what}`)];
  }
  const withCrc = ofKernel.filter(({ crc }) => crc !== 0).length;
  const modversions = isSet(config, 'CONFIG_MODVERSIONS');
  if (modversions && withCrc === 0) {
    const message = `none of the ${ofKernel.length} symbols of vmlinux in ${path}/Module.symvers has a CRC, and CONFIG_MODVERSIONS is set`;
    return [kdirFinding('KDIR_SYMVERS_NO_CRCS', 'error', message)];
  }
  if (!modversions && withCrc > 0) {
    const message = `${withCrc} of the ${ofKernel.length} symbols of vmlinux in ${path}/Module.symvers have a CRC, and CONFIG_MODVERSIONS is not set`;
    return [kdirFinding('KDIR_SYMVERS_STALE', 'warning', message)];
  }
  return checkAge(subject, file);
};

/** Times are only a hint: copies, archives and checkouts make their own. */
function checkAge({ find }: KdirSubject, file: string) {
  const auto = find('include/config/auto.conf');
  if (auto === undefined) return [];
  const seconds = Math.round((statSync(auto).mtimeMs - statSync(file).mtimeMs) / 1000);
  if (seconds < 60) return [];
  const message = `Module.symvers is ${spoken(seconds)} older than include/config/auto.conf`;
  return [kdirFinding('KDIR_SYMVERS_OLDER', 'note', message)];
}

function spoken(seconds: number): string {
  const units = [
    [86400, 'days'],
    [3600, 'hours'],
    [60, 'minutes'],
  ] as const;
  const [size, name] = units.find(([unit]) => seconds >= 2 * unit) ?? [1, 'seconds'];
  return `${Math.floor(seconds / size)} ${name}`;
}
