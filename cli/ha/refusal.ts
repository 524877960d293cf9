/** What the operator can act on: said without a stack, with an exit code. */
export class Refusal extends Error {
  readonly code: number;

  constructor(message: string, code: number) {
    super(message);
    this.code = code;
  }
}
