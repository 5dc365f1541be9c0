/** The world was asked for something it does not play: a gap of the world, not of what is tested. */
export class NotPlayed extends Error {
  override readonly name = 'NotPlayed';
  constructor(what: string) {
    super(`the world does not play ${what}`);
  }
}

/** An error of GitHub's GraphQL API, with its `type`. */
export class RefusedByGithub extends Error {
  override readonly name = 'RefusedByGithub';
  readonly type: 'NOT_FOUND' | 'FORBIDDEN' | 'UNPROCESSABLE';
  constructor(type: 'NOT_FOUND' | 'FORBIDDEN' | 'UNPROCESSABLE', message: string) {
    super(message);
    this.type = type;
  }
}
