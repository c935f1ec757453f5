/** The variables by which programs learn of a proxy; containers that fetch need them too. */
const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY'];

/** The proxy variables of an environment, in the case in which they stand there. */
export function proxyVariables(environment = process.env): Record<string, string> {
  return Object.fromEntries(
    [...names, ...names.map((name) => name.toLowerCase())].flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
