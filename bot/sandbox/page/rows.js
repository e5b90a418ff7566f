// Rows that are kept: what is the same stays the same element, so that focus, selection and what was typed survive a change elsewhere.

/** Make `list` hold exactly `wanted`: [{ id, key, draw() }], in this order. A row is drawn again only when its key is another. */
export function keep(list, rows, wanted) {
  const before = new Map(rows);
  rows.clear();
  let at = list.firstChild;
  for (const { id, key, draw } of wanted) {
    const old = before.get(id);
    before.delete(id);
    const same = old?.key === key;
    const made = same ? old.made : draw();
    rows.set(id, { key, made });
    if (old && !same) {
      const focus = focusIn(old.made);
      if (at === old.made) at = at.nextSibling;
      old.made.replaceWith(made);
      focus?.(made);
    } else if (made !== at) list.insertBefore(made, at);
    else at = at.nextSibling;
  }
  for (const { made } of before.values()) made.remove();
}

// How to give the focus back to the same thing in a row that is drawn anew.
function focusIn(row) {
  const active = document.activeElement;
  if (!row.contains(active)) return null;
  const action = active.closest("[data-action]");
  const block = active.closest("[data-block]");
  if (!action || !block) return (made) => made.focus?.();
  const path = `[data-block="${CSS.escape(block.dataset.block)}"] [data-action="${CSS.escape(action.dataset.action)}"]`;
  return (made) => (made.querySelector(path) || made).focus();
}
