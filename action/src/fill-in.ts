type Env = Readonly<Record<string, string>>;

/** A variable that a step names is not set. Its message is for people. */
export class MissingVariable extends Error {
  override readonly name = 'MissingVariable';
}

/**
 * Puts variables into a text of the configuration: `${NAME}` is its value, `$$` one dollar sign; every other dollar sign stays,
 * so that a shell which the step starts sees its own. Done once: what a value holds is never looked at again. Throws `MissingVariable`.
 */
export function fillIn(text: string, env: Env): string {
  return text.replace(/\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string | undefined) => {
    if (name === undefined) {
      return whole === '$$' ? '$' : whole;
    }
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value === undefined) {
      throw new MissingVariable(`The variable ${name} is not set in the environment of this step.`);
    }
    return value;
  });
}

/** The environment of one step: its own variables, with others put in, over what was there. Throws `MissingVariable`. */
export function withOwn(env: Env, own: Env): Env {
  const filled = Object.entries(own).map(([name, value]) => [name, fillIn(value, env)] as const);
  return { ...env, ...Object.fromEntries(filled) };
}
