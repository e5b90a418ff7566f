// What is heard: a ring, and the words of a call. Nothing sounds before the page has been touched, and all of it can be switched off.

const KEPT = "sandbox.sound";
let audio = null;
let ringing = null;
let quiet = localStorage.getItem(KEPT) === "off";

export const isQuiet = () => quiet;

export function setQuiet(wanted) {
  quiet = wanted;
  localStorage.setItem(KEPT, wanted ? "off" : "on");
  if (wanted) {
    hush();
    ring(false);
  }
}

function tone() {
  if (quiet || !navigator.userActivation?.hasBeenActive) return; // a browser lets nobody ring unasked
  audio ||= new AudioContext();
  for (const [pitch, begins] of [[440, 0], [480, 0], [440, 0.55], [480, 0.55]]) {
    const voice = audio.createOscillator();
    const volume = audio.createGain();
    const from = audio.currentTime + begins;
    voice.frequency.value = pitch;
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(0.05, from + 0.03);
    volume.gain.setValueAtTime(0.05, from + 0.4);
    volume.gain.linearRampToValueAtTime(0, from + 0.45);
    voice.connect(volume).connect(audio.destination);
    voice.start(from);
    voice.stop(from + 0.5);
  }
}

/** Ring, or stop ringing. */
export function ring(wanted) {
  if (wanted && !ringing && !quiet) {
    tone();
    ringing = setInterval(tone, 2600);
  } else if (!wanted && ringing) {
    clearInterval(ringing);
    ringing = null;
  }
}

/** Say a line, after those that are being said. */
export function speak(line) {
  if (quiet || !("speechSynthesis" in window)) return;
  const words = new SpeechSynthesisUtterance(line);
  words.lang = "en-US";
  speechSynthesis.speak(words);
}

/** Fall silent in the middle of a word. */
export function hush() {
  if ("speechSynthesis" in window) speechSynthesis.cancel();
}
