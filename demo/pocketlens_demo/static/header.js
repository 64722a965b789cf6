import { followLinks } from "./page.js";

export const start = () => followLinks();
