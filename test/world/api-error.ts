/** A refusal as GitHub words it; thrown by handlers, turned into JSON by the server. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly errors: readonly unknown[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    errors?: readonly unknown[],
    headers?: Readonly<Record<string, string>>,
  ) {
    super(message);
    this.status = status;
    this.errors = errors;
    this.headers = headers ?? {};
  }
}

export function notFound(): ApiError {
  return new ApiError(404, 'Not Found');
}

/** 422 with one `errors` entry, in the shape of GitHub's validation answers. */
export function validationFailed(resource: string, field: string, message: string): ApiError {
  return new ApiError(422, 'Validation Failed', [{ resource, code: 'custom', field, message }]);
}
