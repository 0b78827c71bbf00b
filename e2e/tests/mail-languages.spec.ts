/* Every mail in every language of the UI: its subject and both of its parts are in that language, and complete. */
import { changeRow } from '../support/database.js';
import { portrayMail } from '../support/mail-portrait.js';
import { startSmtpSink, type Mail, type SmtpSink } from '../support/smtp-sink.js';
import { api, expect, openTab, setUp, test, useLoginLink, type Page } from '../support/test.js';

test.use({ installation: 'mail-languages' });
test.describe.configure({ mode: 'serial' });

/** Short words nobody can do without, none of which another of these languages has. */
const LANGUAGES: Record<string, RegExp> = {
	en: /\b(the|your|you|this|was|and|is|now)\b/gi,
	de: /\b(ist|nicht|Sie|Ihr|Ihre|Ihrem|wurde|und|der|dein|deine|deinem|du|dies|kann)\b/gi,
	es: /\b(el|su|tu|los|esta|este|ha|una|correo|puede|con|y)\b/gi,
	fr: /\b(le|les|votre|vous|est|ce|pour|cette|une|avec|et)\b/gi,
	nl: /\b(het|een|je|jouw|uw|niet|dit|deze|kan|met|wordt|en)\b/gi
};

interface User {
	id: string;
	username: string;
	email: string | null;
	firstName: string;
	locale: string;
	isAdmin?: boolean;
}

let admin: Page;
let sink: SmtpSink;
/** The mails of each language by what they are. */
const mails = new Map<string, Map<string, Mail>>();
const readers = new Map<string, User>();

test.beforeAll(async ({ browser, pocketId }) => {
	sink = await startSmtpSink();
	admin = (await openTab(browser, pocketId.url)).page;
	await setUp(admin);
	await api(admin, 'PATCH', '/api/application-configuration', {
		smtpHost: 'localhost',
		smtpPort: sink.port('plain'),
		smtpFrom: 'id@example.com',
		smtpTls: 'none',
		emailLoginNotificationEnabled: 'true',
		emailVerificationEnabled: 'true',
		emailOneTimeAccessAsAdminEnabled: 'true',
		emailApiKeyExpirationEnabled: 'true',
		allowRecoveryCodes: 'true',
		requireUserEmail: 'false'
	});
});

test.afterAll(async () => {
	await admin?.context().close();
	sink?.stop();
});

function keep(language: string, what: string, mail: Mail): void {
	const all = mails.get(language) ?? new Map<string, Mail>();
	mails.set(language, all.set(what, mail));
}

/** Does something that is told by mail, and keeps the mail. */
async function tell(language: string, what: string, act: () => Promise<unknown>): Promise<Mail> {
	await act();
	const mail = await sink.next();
	keep(language, what, mail);
	return mail;
}

/** Adds a passkey without the pages, which are in as many languages. */
const addPasskey = (page: Page) =>
	page.evaluate(async () => {
		const options = await (await fetch('/api/webauthn/register/start')).json();
		const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
		const made = (await navigator.credentials.create({ publicKey })) as PublicKeyCredential;
		const answer = await fetch('/api/webauthn/register/finish', {
			method: 'POST',
			headers: { 'Content-Type': 'application/json' },
			body: JSON.stringify(made)
		});
		if (!answer.ok) throw new Error(await answer.text());
	});

for (const language of Object.keys(LANGUAGES)) {
	test(`whoever reads ${language} is told of everything`, async ({ browser, pocketId }) => {
		const user = await api<User>(admin, 'POST', '/api/users', {
			username: `reader-${language}`,
			email: `${language}@example.com`,
			firstName: 'Grace',
			locale: language
		});
		readers.set(language, user);
		const own = (method: string, path: string, body?: unknown) => () => api(hers, method, path, body);
		const toUser = (fields: Partial<User>) => () => api(admin, 'PUT', `/api/users/${user.id}`, { ...user, ...fields });

		const invitation = await tell(language, 'login-code', () =>
			api(admin, 'POST', `/api/users/${user.id}/one-time-access-email`, {})
		);
		const link = /https?:\/\/\S+\/lc\/\S+/.exec(invitation.parts['text/plain'].text)![0];
		const { page: hers } = await openTab(browser, pocketId.url);
		await tell(language, 'new-device', async () => {
			await useLoginLink(hers, link);
			await hers.waitForURL('/settings/account');
		});
		await tell(language, 'verification', own('POST', '/api/users/me/send-email-verification'));
		// Who has no passkey yet has nothing to prove.
		await tell(language, 'changed-recovery-codes', own('POST', '/api/users/me/recovery-codes'));
		await tell(language, 'changed-login-code', own('POST', '/api/users/me/one-time-access-token', {}));
		const expiresAt = new Date(Date.now() + 3 * 86_400_000).toISOString();
		await tell(language, 'changed-api-key', own('POST', '/api/api-keys', { name: 'Backup', expiresAt }));
		await tell(language, 'changed-passkey-added', () => addPasskey(hers));
		await tell(language, 'changed-admin', toUser({ isAdmin: true }));
		await tell(language, 'test', own('POST', '/api/application-configuration/test-email'));
		const [passkey] = await api<{ id: string }[]>(hers, 'GET', '/api/webauthn/credentials');
		// It ends the session, which a code began.
		await tell(language, 'changed-passkey-removed', () =>
			api(admin, 'DELETE', `/api/users/${user.id}/webauthn-credentials/${passkey!.id}`)
		);
		await hers.context().close();
	});
}

test('everybody is told that their API key ends', async ({ pocketId }) => {
	// Once a day it is looked for; the next day begins now.
	changeRow(pocketId, "UPDATE jobs SET next_run_at = 0 WHERE name = 'ExpiredApiKeyEmailJob'");
	await pocketId.restart();
	for (const _ of readers) {
		const mail = await sink.next();
		keep(mail.to[0]!.split('@')[0]!, 'api-key', mail);
	}
});

test('everybody is told of a change of their address, and of its end', async () => {
	for (const [language, user] of readers) {
		const update = (email: string | null) => () =>
			api(admin, 'PUT', `/api/users/${user.id}`, { ...user, isAdmin: true, email });
		const told = await tell(language, 'changed-email', update(`${language}@example.org`));
		expect(told.to).toEqual([`${language}@example.com`]);
		await tell(language, 'changed-no-email', update(null));
	}
});

/** What a line of a text says, without what is the same in every language. */
const isData = (line: string) =>
	/^(--|https?:\S+|pocket id|[a-z0-9]{6,12}|reader-\w+)$/i.test(line);
const linesOf = (mail: Mail) =>
	mail.parts['text/plain'].text
		.split('\n')
		.map((line) => line.trim())
		.filter((line) => line !== '' && !isData(line));
const plain = (text: string) => text.toLowerCase().replaceAll(/\s+/g, ' ');

for (const language of Object.keys(LANGUAGES)) {
	test(`every mail in ${language} is in ${language}, whole, and to be read everywhere`, async () => {
		const all = mails.get(language)!;
		expect([...all.keys()].sort()).toEqual([...mails.get('en')!.keys()].sort());
		const page = await admin.context().newPage();
		for (const [what, mail] of all) {
			await test.step(what, async () => {
				const { text } = mail.parts['text/plain'];
				const html = mail.parts['text/html'].text;
				await page.setContent(html);
				const shown = await page.evaluate(() => document.body.innerText);
				const links = await page.locator('a').evaluateAll((found) => found.map((a) => (a as HTMLAnchorElement).href));
				const titles = await page.title();

				for (const part of [mail.headers.subject!, text, shown, titles, ...links]) {
					expect(part, 'nothing is left to be filled in').not.toMatch(/[{}]|undefined|\bnone\b|\bnull\b/i);
				}
				await expect(page.locator('html')).toHaveAttribute('lang', language);
				expect(titles).toBe(mail.headers.subject);

				// Both parts say the same.
				for (const line of linesOf(mail)) {
					for (const piece of line.split(/^\[|\] |: |:$/).filter((piece) => piece !== '')) {
						expect(plain(shown), `the HTML of ${what}`).toContain(plain(piece));
					}
				}
				for (const address of text.match(/^https?:\S+$/gm) ?? []) expect(links).toContain(address);

				// They are in this language, and in no other.
				const counts = Object.entries(LANGUAGES).map(
					([name, words]) => [name, linesOf(mail).join('\n').match(words)?.length ?? 0] as const
				);
				const most = counts.toSorted(([, a], [, b]) => b - a)[0]![0];
				expect(most, `${what} reads as ${JSON.stringify(counts)}`).toBe(language);
				if (language === 'en') {
					if (what.startsWith('changed')) expect(text, 'it is no sign-in that is told of').toMatch(/^Time: /m);
					return;
				}
				const english = mails.get('en')!.get(what)!;
				expect(mail.headers.subject).not.toBe(english.headers.subject);
				const untranslated = linesOf(mail).filter((line) => linesOf(english).includes(line));
				expect(untranslated, `English in ${what}`).toEqual([]);
			});
		}
		await page.close();
		// How they look does not depend on what was changed.
		for (const [what, mail] of all) {
			if (/^changed-(?!passkey-removed)/.test(what)) continue;
			const looks = language === 'en' ? (['light', 'dark'] as const) : (['light', 'phone'] as const);
			await portrayMail(admin, `${language}-${what}`, mail.parts['text/html'].text, looks);
		}
	});
}
