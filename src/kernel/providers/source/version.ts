/** The version that a kernel's top Makefile says, for example `6.1`. */
export function versionIn(makefile: string): string | undefined {
  const value = (name: string): string | undefined =>
    new RegExp(`^${name}[ \\t]*=[ \\t]*(\\d+)[ \\t]*$`, 'm').exec(makefile)?.[1];
  const [major, minor] = [value('VERSION'), value('PATCHLEVEL')];
  return major === undefined || minor === undefined ? undefined : `${major}.${minor}`;
}
