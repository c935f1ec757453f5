/**
 * Writes to standard output, and waits while a pipe takes no more: what is large never lies in
 * memory whole.
 * @returns false once nobody reads any more
 */
export async function writeOut(text: string): Promise<boolean> {
  const { stdout } = process;
  if (stdout.writable && !stdout.write(text)) {
    await new Promise<void>((resolve) => {
      const done = () => {
        stdout.off('drain', done).off('close', done);
        resolve();
      };
      stdout.on('drain', done).on('close', done);
    });
  }
  return stdout.writable;
}
