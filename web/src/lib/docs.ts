/** Where the project lives. */
export const PROJECT = 'https://github.com/pocket-id/pocket-id';

/** What the user guide says more of than fits beside a field. */
const SECTIONS = {
	callbackUrls: 'oidc-clients.md#callback-url-patterns',
	federatedCredentials: 'oidc-clients.md#signing-in-without-a-shared-secret'
};

export type Topic = keyof typeof SECTIONS;
export const TOPICS = Object.keys(SECTIONS) as Topic[];

export const docs = (topic: Topic): string => `${PROJECT}/blob/main/docs/${SECTIONS[topic]}`;
