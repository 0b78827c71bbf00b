/** Stands in a message for the one part that is shown in bold, wherever a language puts it. */
export const EMPHASIS = '\u0000';
