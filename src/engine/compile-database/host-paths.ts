import { existsSync, readdirSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { isBelow } from '../../kernel/is-below.js';
import { followIn, linkTargetIn, lstat } from '../../kernel/tree.js';
import type { Job } from '../../plan/job.js';
import { containerLayout, type Layout } from '../../plan/layout.js';

/** A directory of a build and the one on this machine that it stands for. */
interface Place {
  target: string;
  source: string;
}

/** Where a build's paths lie on this machine. */
export interface HostPaths {
  /** Where a path lies, links followed; undefined if there is nothing. */
  find: (path: string) => string | undefined;
  /** Where a path of the projects' own lies or would lie; undefined for any other path. */
  findOwn: (path: string) => string | undefined;
  /**
   * The directories in which a directory for headers has its files: itself, and those that its links lead
   * to, which may lead elsewhere on this machine (Ubuntu's headers lead to each other by `linux -> ../../…/linux`).
   */
  findIncludes: (path: string) => string[];
  /** A text in which paths of the build stand, with those of this machine in their place. */
  rewrite: (text: string) => string;
}

/**
 * The paths of a job's build.
 * @param layout where it found its files
 */
export function hostPaths(job: Job, layout: Layout = containerLayout): HostPaths {
  const own = innermostFirst(ownPlaces(job, layout));
  const kernel = innermostFirst(job.kdir.mounts);
  const findOwn = (path: string) => placeIn(own, withoutDkmsBuild(job, path));
  const locate = (path: string) => {
    const host = placeIn(kernel, path);
    return host !== undefined && lstat(host) !== undefined ? host : undefined;
  };
  const find = (path: string) => {
    const ours = findOwn(path);
    if (ours !== undefined) return existsSync(ours) ? ours : undefined;
    const theirs = followIn(locate, path);
    if (theirs !== undefined) return theirs;
    // Without a container, it is this machine that the compiler looks at.
    return layout !== containerLayout && existsSync(path) ? path : undefined;
  };
  const findIncludes = (path: string) => {
    const host = find(path);
    if (host === undefined) return [];
    if (findOwn(path) !== undefined) return [host];
    const linked = mirrors(path, host, locate);
    return [...new Set([host, ...linked])];
  };
  const places = innermostFirst([...own, ...kernel]);
  return {
    find,
    findOwn,
    findIncludes,
    rewrite: (text) => {
      const known = withoutDkmsBuild(job, text);
      return known.replaceAll(
        /(?<![\w.-])\/[\w@+./~:-]*/g,
        (path) => placeIn(places, path) ?? path,
      );
    },
  };
}

function ownPlaces({ source, dependencies, dkms }: Job, layout: Layout): Place[] {
  const projects = [source, ...dependencies];
  if (dkms === undefined) {
    return projects.map(({ project, placement }) => ({
      target: `${layout.build}/${placement}`,
      source: project.directory,
    }));
  }
  const inUsrSrc = (name: string, directory: string) => ({
    target: `/usr/src/${name}`,
    source: directory,
  });
  return [
    inUsrSrc(dkms.directory, source.project.directory),
    ...dkms.with.map(({ name, tree }) => inUsrSrc(name, tree.directory)),
    ...dependencies.map(({ project }) => inUsrSrc(basename(project.directory), project.directory)),
  ];
}

/** dkms builds a source in a directory of its name and version, which only dkms.conf knows. */
function withoutDkmsBuild({ dkms }: Job, text: string): string {
  if (dkms === undefined) return text;
  const build = /\/var\/lib\/dkms\/[^/\s]+\/[^/\s]+\/build(?=\/|$)/g;
  return text.replaceAll(build, () => `/usr/src/${dkms.directory}`);
}

const innermostFirst = (places: readonly Place[]): Place[] =>
  places.toSorted((a, b) => b.target.length - a.target.length);

function placeIn(places: readonly Place[], path: string): string | undefined {
  const normal = posix.normalize(path);
  const place = places.find(({ target }) => isBelow(normal, target));
  return place && join(place.source, normal.slice(place.target.length));
}

/** Other directories of the kernel that hold what links in one lead to, each by the same name. */
function mirrors(
  path: string,
  host: string,
  locate: (path: string) => string | undefined,
): string[] {
  if (lstat(host)?.isDirectory() !== true) return [];
  return readdirSync(host, { withFileTypes: true })
    .filter((entry) => entry.isSymbolicLink() && !existsSync(join(host, entry.name)))
    .flatMap(({ name }) => {
      const target = linkTargetIn(locate, join(path, name));
      if (target === undefined || basename(target) !== name) return [];
      return followIn(locate, posix.dirname(target)) ?? [];
    });
}
