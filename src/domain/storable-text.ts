/** A text as the database can hold it: half a surrogate pair and NUL, which it knows not, become U+FFFD. */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', '\uFFFD');
}
