import { randomUUID } from 'node:crypto';
import { endGroup, startGroup } from '@actions/core';

/** Where a run's text for people goes. Engine text may hold anything, so commands of the job are switched off around it. */
export interface RunLog {
  readonly note: (text: string) => void;
  /** A log for one dirspace: shown at once when it is the only one, else as one group when it has ended. */
  readonly open: (title: string, live: boolean) => { readonly add: (text: string) => void; readonly end: () => void };
}

/** Most characters of one dirspace that are held back until it ends; the beginning is dropped. */
const MOST_HELD = 16 * 1024 * 1024;

export function openRunLog(
  write: (text: string) => void,
  options: { readonly inActions: boolean; readonly mask: (text: string) => string },
): RunLog {
  /** Source: GitHub's workflow command `stop-commands`: what is printed until the token is text and nothing else. */
  function inert(text: string): string {
    const token = randomUUID();
    return options.inActions ? `::stop-commands::${token}\n${text}\n::${token}::\n` : text;
  }
  return {
    note: (text) => {
      const line = options.mask(text).replace(/[\r\n]+/g, ' ');
      // A directory may be called like a command of the job.
      write(/::|##\[/.test(line) ? inert(`${line}\n`) : `${line}\n`);
    },
    open(title, live) {
      let held = '';
      const add = (text: string) => {
        held += text;
        if (live) {
          const end = held.lastIndexOf('\n') + 1;
          if (end > 0) {
            write(inert(options.mask(held.slice(0, end))));
            held = held.slice(end);
          }
        } else if (held.length > 2 * MOST_HELD) {
          held = held.slice(-MOST_HELD);
        }
      };
      const end = () => {
        if (live) {
          write(held === '' ? '' : inert(options.mask(held)));
          return;
        }
        startGroup(options.mask(title.replace(/[\r\n]/g, ' ')));
        write(inert(options.mask(held)));
        endGroup();
      };
      return { add, end };
    },
  };
}
