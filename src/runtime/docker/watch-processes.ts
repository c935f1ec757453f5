import type Docker from 'dockerode';

/** How often a run is looked at: one that ends before costs nothing. Milliseconds. */
const interval = 2000;

/** Looks at it that find it at its limit, one after the other, before it counts as there to stay. */
const patience = 2;

/**
 * Calls once a container has as many processes as it may have, and goes on having them: a build that
 * forks without end, which need not say a word. Where the engine does not tell, it never calls.
 * @returns ends the watch
 */
export function watchProcesses(
  container: Docker.Container,
  limit: number,
  onCrowded: () => void,
): () => void {
  let crowded = 0;
  let timer = setTimeout(look, interval);
  let isOver = false;

  function look(): void {
    void processesOf(container).then((count) => {
      if (isOver) return;
      crowded = count !== undefined && count >= limit ? crowded + 1 : 0;
      if (crowded >= patience) onCrowded();
      else timer = setTimeout(look, interval);
    });
  }

  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

async function processesOf(container: Docker.Container): Promise<number | undefined> {
  try {
    const { pids_stats } = await container.stats({ stream: false, 'one-shot': true });
    return pids_stats?.current;
  } catch {
    return undefined; // it has ended meanwhile
  }
}
