type Given<Keys> = { [Key in keyof Keys]?: Exclude<Keys[Key], undefined> };

/** The keys whose value is there: what is absent in the file stays absent in the type. */
export function given<Keys extends object>(keys: Keys): Given<Keys>;
export function given(keys: object): object {
  return Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== undefined));
}
