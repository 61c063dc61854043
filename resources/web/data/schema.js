// Kinds of fields for messages that strangers send. A kind is a function that returns the value, or undefined when it
// is none of that kind; what a message has besides its fields is left behind.

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether `value` has `min` to `max` code points, which are counted as the other clients count. */
function hasLength(value, min, max) {
  if (value.length > 2 * max) {
    return false;
  }
  const count = value.length <= max && value.length >= 2 * min ? value.length : Array.from(value).length;
  return count >= min && count <= max;
}

export const text = (min, max) => (value) =>
  typeof value === "string" && hasLength(value, min, max) && !LONE_SURROGATE.test(value) ? value : undefined;

export const hex = (digits) => {
  const pattern = new RegExp(`^[0-9a-f]{${digits}}$`);
  return (value) => (typeof value === "string" && value.length === digits && pattern.test(value) ? value : undefined);
};

export const number = (min, max) => (value) =>
  typeof value === "number" && value >= min && value <= max ? value : undefined;

export const integer = (min, max) => (value) =>
  Number.isInteger(value) && value >= min && value <= max ? value : undefined;

export const flag = (value) => (typeof value === "boolean" ? value : undefined);

export const optional = (kind, otherwise) => (value) =>
  value === undefined || value === null ? otherwise : kind(value);

export const list = (kind, min, max) => (value) => {
  if (!Array.isArray(value) || value.length < min || value.length > max) {
    return undefined;
  }
  const items = value.map(kind);
  return items.includes(undefined) ? undefined : items;
};

export const record = (fields) => {
  const entries = Object.entries(fields);
  return (value) => {
    if (value === null || typeof value !== "object" || Array.isArray(value)) {
      return undefined;
    }
    const read = {};
    for (const [name, kind] of entries) {
      const field = kind(Object.hasOwn(value, name) ? value[name] : undefined);
      if (field === undefined) {
        return undefined;
      }
      read[name] = field;
    }
    return read;
  };
};
