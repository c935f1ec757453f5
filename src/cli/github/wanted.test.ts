import { describe, expect, it } from 'vitest';
import { githubWanted } from './wanted.js';

const actions = { GITHUB_ACTIONS: 'true' };
const none = { isRead: false, annotates: false };
const both = { isRead: true, annotates: true };
const guarded = { isRead: true, annotates: false };

describe('githubWanted', () => {
  it.each([
    [['build'], {}, none],
    [['build'], { GITHUB_ACTIONS: 'false' }, none],
    [['build'], actions, both],
    [['build', '--reporter', 'auto'], actions, both],
    [['build', '--reporter=plain'], actions, guarded],
    [['build', '--reporter', 'live'], actions, guarded],
    [['build', '--reporter', 'github'], {}, both],
    [['build', '--', '--reporter=github'], {}, none],
  ])('%j with %j', (args, environment, wanted) => {
    expect(githubWanted(args, environment)).toEqual(wanted);
  });
});
