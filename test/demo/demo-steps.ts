import { styleText } from 'node:util';

export interface StepDone {
  readonly name: string;
  readonly detail: string;
  readonly seconds: number;
  readonly ok: boolean;
}

export interface Steps {
  /** One step as it happens. What it throws ends the demo: the step did not happen. */
  readonly step: <T>(name: string, work: () => Promise<T>, detail: (value: T) => string) => Promise<T>;
  readonly done: readonly StepDone[];
}

/** Shows each step with its time, on standard error, so that standard output stays for the result. */
export function createSteps(): Steps {
  const done: StepDone[] = [];
  const isTerminal = process.stderr.isTTY === true;
  return {
    done,
    step: async (name, work, detail) => {
      const start = performance.now();
      const seconds = (): number => Math.round(performance.now() - start) / 1_000;
      const ticking = isTerminal
        ? setInterval(() => process.stderr.write(`\r  … ${name} ${seconds().toFixed(0)} s`), 500)
        : undefined;
      const say = (mark: string, text: string): void => {
        clearInterval(ticking);
        process.stderr.write(
          `${isTerminal ? '\r\u001b[K' : ''}${mark} ${name.padEnd(16)} ${text} ${styleText('dim', `${seconds().toFixed(1)} s`)}\n`,
        );
      };
      try {
        const value = await work();
        const text = detail(value);
        done.push({ name, detail: text, seconds: seconds(), ok: true });
        say(styleText('green', '✓'), text);
        return value;
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        done.push({ name, detail: text, seconds: seconds(), ok: false });
        say(styleText('red', '✗'), text);
        throw error;
      }
    },
  };
}
