// What the pages of a postmortem ask the server for. A session that was begun anew meanwhile has another token: it is fetched once.
const token = { value: document.querySelector("input[name=token]")?.value ?? "" };

async function renewed() {
  const answer = await fetch("/account/token", { headers: { Accept: "application/json" }, redirect: "manual" });
  if (!answer.ok) return false;
  const { token: now } = await answer.json();
  const differs = now !== token.value;
  token.value = now;
  for (const input of document.querySelectorAll("input[name=token]")) input.value = now;
  return differs;
}

/** POST an object; the answer's object, or an Error with a sentence and the status. Status 0: nobody answered. */
export async function ask(address, body, more = {}) {
  const send = () => fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-Tocsin-Token": token.value },
    body: JSON.stringify(body),
    ...more,
  });
  let answer;
  try {
    answer = await send();
    if ((answer.status === 401 || answer.status === 403) && await renewed()) answer = await send();
  } catch {
    throw Object.assign(new Error("The server does not answer."), { status: 0 });
  }
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw Object.assign(new Error(said.error ?? `The server answered ${answer.status}.`), { status: answer.status });
  return said;
}
