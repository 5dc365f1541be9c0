import { ApiError } from './api-error.ts';

export type Json = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Parse a request body; an empty body is an empty object, anything else than an object is GitHub's 400. */
export function parseBody(text: string): Json {
  if (text === '') {
    return {};
  }
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed)) {
      return parsed;
    }
  } catch {
    // Falls through to the same answer as a body of another shape.
  }
  throw new ApiError(400, 'Problems parsing JSON');
}

export function textIn(body: Json, key: string): string | undefined {
  const value = body[key];
  return typeof value === 'string' ? value : undefined;
}

export function requiredText(body: Json, key: string): string {
  const value = textIn(body, key);
  if (value === undefined) {
    throw new ApiError(422, `Invalid request.\n\n"${key}" wasn't supplied.`);
  }
  return value;
}

export function recordIn(body: Json, key: string): Json | undefined {
  const value = body[key];
  return isRecord(value) ? value : undefined;
}

export function listIn(body: Json, key: string): readonly unknown[] {
  const value = body[key];
  return Array.isArray(value) ? value : [];
}

export function textsIn(body: Json, key: string): readonly string[] {
  return listIn(body, key).filter((one) => typeof one === 'string');
}

export function recordsIn(body: Json, key: string): readonly Json[] {
  return listIn(body, key).filter(isRecord);
}
