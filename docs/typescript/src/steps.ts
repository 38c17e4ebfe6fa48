/** Writing the steps of a pipeline as text, such as `resize:width=400/grayscale.webp`. */

/** An image as an argument: its id, or anything that has one. */
export type ImageArgument = string | { readonly id: string }

const PLAIN_TEXT = /^[A-Za-z0-9_-]+$/
// Separators of the grammar cannot be part of a value, even percent-encoded.
const SEPARATORS = /[,/=:?&%\s]/

/** The base of what steps can be added to. */
export abstract class Steps<R> {
  /** Return the same with one more step. */
  protected abstract withStep(step: string): R

  /** Return the same with the result in another format, such as "webp" or "auto". */
  abstract toFormat(extension: string): R

  protected step(name: string, args: object, texts: readonly string[] = []): R {
    const written = Object.entries(args)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}=${write(name, key, value, texts.includes(key))}`)
    return this.withStep(written.length ? `${name}:${written.join(',')}` : name)
  }
}

function write(operation: string, name: string, value: unknown, isText: boolean): string {
  if (isText && typeof value === 'string') {
    return PLAIN_TEXT.test(value) ? value : `~${base64url(new TextEncoder().encode(value))}`
  }
  if (typeof value === 'boolean') return String(value)
  if (typeof value === 'number' && Number.isFinite(value)) {
    // The server keeps four decimals.
    return String(Number(value.toFixed(4)))
  }
  const text = typeof value === 'object' && value !== null && 'id' in value ? value.id : value
  if (typeof text === 'string' && text !== '' && !SEPARATORS.test(text)) {
    return text.replace(/^#/, '')
  }
  throw new TypeError(`${operation}.${name}: ${JSON.stringify(value)} is not a valid argument`)
}

function base64url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
