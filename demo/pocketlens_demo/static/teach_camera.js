// The camera of Teach: it answers as soon as something has been taught.
import { start as startLive } from "./live.js";

const key = () => document.querySelector("#taught [data-key]")?.dataset.key ?? null;

export const start = (element, seconds) => startLive(element, seconds, key);
