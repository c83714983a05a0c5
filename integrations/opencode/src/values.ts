/** Reading values of unknown form. */
export type Json = Record<string, unknown>

export const is_object = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value)
export const text_of = (value: unknown): string => (typeof value === "string" ? value : "")
export const number_of = (value: unknown): number => (typeof value === "number" && Number.isFinite(value) ? value : 0)
export const message_of = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** The text of a tool's content, be it a string or a list of parts. */
export function text_of_content(content: unknown): string {
  if (!Array.isArray(content)) return text_of(content)
  return content.map((part) => (is_object(part) ? text_of(part.text) : "")).join("\n")
}

/** Changes an object to hold exactly the members of another, where only the object itself is looked at later. */
export function become(target: Json, wanted: Json): void {
  if (target === wanted) return
  for (const key of Object.keys(target)) if (!(key in wanted)) delete target[key]
  Object.assign(target, wanted)
}
