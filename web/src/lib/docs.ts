/** Where the project lives. */
export const PROJECT = 'https://github.com/pocket-id/pocket-id';

/** Where the user guide is. */
export const GUIDE = 'https://pocket-id.org/docs';
