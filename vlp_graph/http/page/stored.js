/** A value kept by the browser, or only by this page where the browser keeps nothing (private windows may throw). */

export function stored(storage, name) {
  let here = null;
  return {
    get() {
      try {
        return JSON.parse(storage().getItem(name) ?? "null") ?? here;
      } catch {
        return here;
      }
    },
    set(value) {
      here = value;
      try {
        if (value === null) storage().removeItem(name);
        else storage().setItem(name, JSON.stringify(value));
      } catch {
        // kept in `here`
      }
    },
  };
}
