import type { Command } from '../command.js';
import { buildCommand } from './build.js';

/** Commands by name; a group has commands of its own. */
export interface CommandTree {
  [name: string]: Command | { summary: string; commands: CommandTree };
}

export const commands: CommandTree = {
  build: buildCommand,
};
