import { InvalidArgumentError } from 'commander';

/** GitHub's number of an installation, from an option. */
export function installationId(text: string): number {
  const id = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(id)) {
    throw new InvalidArgumentError('It is the number at the end of the address of the installation on GitHub.');
  }
  return id;
}
