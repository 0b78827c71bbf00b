/* Mail: setting it up and testing it, signing in by it, proving an address, and how messages look. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { changeRow } from '../support/database.js';
import { portrayMail } from '../support/mail-portrait.js';
import { Authenticator } from '../support/passkey.js';
import { photograph } from '../support/photograph.js';
import { startPocketId } from '../support/pocket-id.js';
import { startSmtpSink, type Mail, type SmtpSink } from '../support/smtp-sink.js';
import {
	api,
	expect,
	expectAccessible,
	expectToast,
	openTab,
	setUp,
	signOut,
	test,
	useLoginLink,
	watchForBrokenPages,
	type Page,
	type PocketId
} from '../support/test.js';

test.use({ installation: 'mail' });
test.describe.configure({ mode: 'serial' });

let admin: Page;
let reader: Authenticator;
let problems: string[];
let sink: SmtpSink;

test.beforeAll(async ({ browser, pocketId }) => {
	sink = await startSmtpSink();
	const tab = await openTab(browser, pocketId.url);
	admin = tab.page;
	reader = tab.authenticator;
	problems = watchForBrokenPages(admin);
	await setUp(admin);
});

test.afterAll(async () => {
	await admin.context().close();
	sink.stop();
});

test.afterEach(() => {
	expect(problems).toEqual([]);
});

async function openEmailTab(): Promise<void> {
	await admin.goto('/settings/admin/application-configuration#email');
	await expect(admin.getByRole('heading', { name: 'SMTP Configuration' })).toBeVisible();
}

/** Has a job of the scheduler run with the next start. */
function makeDue(pocketId: PocketId, job: string): void {
	changeRow(pocketId, `UPDATE jobs SET next_run_at = 0 WHERE name = '${job}'`);
}

/** The address of the button of a mail. */
function link(mail: Mail, path: string): string {
	const found = new RegExp(`https?://\\S+${path}\\S*`).exec(mail.parts['text/plain'].text);
	if (found === null) throw new Error(`no ${path} in ${mail.parts['text/plain'].text}`);
	return found[0];
}

test('mail that is switched on needs a mail server', async () => {
	await openEmailTab();
	const panel = admin.locator('#application-configuration-email');
	await panel.getByLabel('Email Verification', { exact: true }).click();
	await panel.getByRole('button', { name: 'Save' }).click();
	await expect(panel.getByText('Needed for the mail that is switched on')).toHaveCount(3);
	await expect(panel.getByLabel('SMTP Host')).toBeFocused();
	await expectAccessible(admin);
});

test('a test mail that fails shows what was said', async () => {
	await openEmailTab();
	const panel = admin.locator('#application-configuration-email');
	await panel.getByLabel('SMTP Host').fill('localhost');
	await panel.getByLabel('SMTP Port').fill(sink.port('auth'));
	await panel.getByLabel('SMTP User').fill('sink');
	await panel.getByLabel('SMTP Password').fill('wrong');
	await panel.getByLabel('SMTP From').fill('id@example.com');
	await panel.getByRole('button', { name: 'Send test email' }).click();
	const question = admin.getByRole('alertdialog', { name: 'Save changes?' });
	await question.getByRole('button', { name: 'Save and send' }).click();
	await expectToast(admin, 'Email configuration updated successfully');
	const dialogue = panel.getByLabel('What was said to the mail server');
	await expect(dialogue).toHaveValue(/> AUTH \*{8}\n< .*535/);
	await expect(panel.getByText('The mail could not be sent:')).toContainText('535');
	await expectAccessible(admin);
	await photograph(admin, 'test-mail-failed');
});

test('a test mail that arrives', async () => {
	await openEmailTab();
	const panel = admin.locator('#application-configuration-email');
	await panel.getByLabel('SMTP Password').fill('pass word');
	await panel.getByRole('button', { name: 'Save' }).click();
	await expectToast(admin, 'Email configuration updated successfully');
	await panel.getByRole('button', { name: 'Send test email' }).click();
	await expectToast(admin, 'Test email sent successfully to your email address.');
	const mail = await sink.next();
	expect(mail.headers.subject).toBe('Test email');
	expect(mail.to).toEqual(['ada@example.com']);
	await portrayMail(admin, 'test', mail.parts['text/html'].text);
});

test('a test mail is sent even if the rest of the page cannot learn what was saved', async () => {
	await openEmailTab();
	const panel = admin.locator('#application-configuration-email');
	const visible = (url: URL) => url.pathname === '/api/application-configuration';
	await admin.route(visible, (route) => (route.request().method() === 'GET' ? route.abort() : route.continue()));
	const send = async (from: string) => {
		await panel.getByLabel('SMTP From').fill(from);
		await panel.getByRole('button', { name: 'Send test email' }).click();
		await admin.getByRole('alertdialog', { name: 'Save changes?' }).getByRole('button', { name: 'Save and send' }).click();
	};
	await send('post@example.com');
	await expect(admin.locator('[data-type="error"]')).toContainText('This could not be loaded');
	expect((await sink.next()).headers.from).toContain('post@example.com');
	await admin.unroute(visible);
	await send('id@example.com');
	expect((await sink.next()).headers.from).toContain('id@example.com');
});

test('people prove that their address is theirs', async () => {
	await openEmailTab();
	const panel = admin.locator('#application-configuration-email');
	for (const name of [
		'Email Login Notification',
		'Email Verification',
		'Email Login Code from Admin',
		'Email Login Code Requested by User'
	]) {
		await panel.getByLabel(name, { exact: true }).click();
	}
	await panel.getByRole('button', { name: 'Save' }).click();
	await expectToast(admin, 'Email configuration updated successfully');
	await photograph(admin, 'email-settings');

	await admin.goto('/settings/account');
	await expect(admin.getByText('Verify your email address')).toBeVisible();
	await expectAccessible(admin);
	await photograph(admin, 'verify-email');
	await admin.getByRole('button', { name: 'Send Email' }).click();
	await expectToast(admin, 'Verification email sent successfully.');
	const mail = await sink.next();
	expect(mail.headers.subject).toBe('Verify your Pocket ID email address');
	await portrayMail(admin, 'verification', mail.parts['text/html'].text);

	await admin.goto('/verify-email?token=wrong');
	await admin.waitForURL('/settings/account?emailVerificationState=Email+verification+token+is+invalid');
	await expect(admin.getByText('Email Verification Failed')).toBeVisible();
	await admin.getByRole('button', { name: 'Dismiss' }).first().click();
	await admin.waitForURL('/settings/account');

	// Signed out, the sign-in comes between.
	await signOut(admin);
	await admin.goto(link(mail, '/verify-email'));
	await admin.waitForURL(/\/login\?redirect=/);
	await admin.getByRole('button', { name: 'Authenticate' }).click();
	await admin.waitForURL('/settings/account?emailVerificationState=success');
	await expect(admin.getByText('Email Verified Successfully')).toBeVisible();
	await expectAccessible(admin);
	await photograph(admin, 'email-verified');
	await admin.getByRole('button', { name: 'Dismiss' }).first().click();
	await expect(admin.getByText('Email Verified Successfully')).toHaveCount(0);
	await admin.reload();
	await expect(admin.getByRole('heading', { name: 'Account Details' })).toBeVisible();
	await expect(admin.getByText('Verify your email address')).toHaveCount(0);
});

test('a mailed code signs in, in the browser that asked for it', async ({ browser, pocketId }) => {
	const { page } = await openTab(browser, pocketId.url);
	await page.goto('/login/alternative');
	await page.getByRole('link', { name: 'Email Login' }).click();
	await expect(page.getByRole('heading', { name: 'Email Login' })).toBeVisible();
	await page.getByRole('textbox', { name: 'Email' }).fill('nobody');
	await page.getByRole('button', { name: 'Submit' }).click();
	await expect(page.getByText('Invalid email address')).toBeVisible();
	await expectAccessible(page);
	await photograph(page, 'email-login');
	await page.getByRole('textbox', { name: 'Email' }).fill('ada@example.com');
	await page.getByRole('button', { name: 'Submit' }).click();
	await expect(page.getByRole('status')).toContainText('If somebody has this address');
	await photograph(page, 'email-login-sent');
	const mail = await sink.next();
	expect(mail.headers.subject).toBe('Login Code');
	await portrayMail(admin, 'login-code', mail.parts['text/html'].text);
	const address = link(mail, '/lc/');
	const code = address.split('/').at(-1) ?? '';

	const elsewhere = (await openTab(browser, pocketId.url)).page;
	await useLoginLink(elsewhere, address);
	await expect(elsewhere.getByRole('alert')).toContainText('Device code is invalid');
	await elsewhere.context().close();

	await page.getByRole('link', { name: 'Enter code' }).click();
	await expect(page.getByRole('button', { name: 'I have a longer code' })).toBeVisible();
	await expect(page.getByRole('button', { name: 'Submit' })).toBeDisabled();
	await page.getByRole('textbox', { name: 'Code' }).fill(code);
	await expectAccessible(page);
	await photograph(page, 'login-code-boxes');
	await page.getByRole('button', { name: 'Submit' }).click();
	await page.waitForURL('/settings/account');
	await page.context().close();
});

test('an administrator mails a code, which is a longer one', async ({ browser, pocketId }) => {
	await api(admin, 'POST', '/api/users', { username: 'grace', email: 'grace@example.com', locale: 'de' });
	await admin.goto('/settings/admin/users');
	await admin.getByRole('row', { name: /grace/ }).getByRole('button').click();
	await admin.getByRole('menuitem', { name: 'Login Code' }).click();
	const dialog = admin.getByRole('dialog', { name: 'Login Code' });
	await expectAccessible(admin);
	await photograph(admin, 'login-code-dialog');
	await dialog.getByRole('button', { name: 'Send Email' }).click();
	await expectToast(admin, 'The login code has been sent to the user.');
	const mail = await sink.next();
	expect(mail.headers.subject).toBe('Anmeldecode');
	await portrayMail(admin, 'login-code-german', mail.parts['text/html'].text);
	const code = link(mail, '/lc/').split('/').at(-1) ?? '';

	const { page } = await openTab(browser, pocketId.url);
	await page.goto('/lc');
	await page.getByRole('button', { name: 'I have a longer code' }).click();
	await page.getByPlaceholder('Code').fill(code);
	await page.getByRole('button', { name: 'Submit' }).click();
	await page.waitForURL('/settings/account');
	await page.context().close();
	// She was never here before.
	expect((await sink.next()).headers.subject).toBe('Anmeldung mit einem neuen Gerät bei Pocket ID');
});

test('sent mail is listed with what became of it', async () => {
	await openEmailTab();
	const card = admin.getByTestId('mail-deliveries-card');
	await expect(card.getByRole('row', { name: /Login Code.*grace@example\.com.*Accepted/ })).toBeVisible();
	await expect(card.getByRole('row', { name: /Email Verification.*ada@example\.com.*Accepted/ })).toBeVisible();
	await card.scrollIntoViewIfNeeded();
	await expectAccessible(admin);
	await photograph(admin, 'sent-mail');
});

test('a sign-in from another browser is announced', async ({ browser, pocketId }) => {
	const context = await browser.newContext({
		baseURL: pocketId.url,
		userAgent:
			'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36'
	});
	const page = await context.newPage();
	const other = await Authenticator.plugInto(page);
	for (const credential of await reader.credentials()) await other.add(credential);
	await page.goto('/login');
	await page.getByRole('button', { name: 'Authenticate' }).click();
	await page.waitForURL('/settings/account');
	const mail = await sink.next();
	expect(mail.headers.subject).toBe('New device login with Pocket ID');
	expect(mail.parts['text/plain'].text).toContain('Chrome on Windows');
	await portrayMail(admin, 'new-device', mail.parts['text/html'].text);
	await context.close();
});

test('the end of an API key is announced', async ({ pocketId }) => {
	await openEmailTab();
	const panel = admin.locator('#application-configuration-email');
	await panel.getByLabel('API Key Expiration', { exact: true }).click();
	await panel.getByRole('button', { name: 'Save' }).click();
	await expectToast(admin, 'Email configuration updated successfully');
	const expiresAt = new Date(Date.now() + 3 * 86_400_000).toISOString();
	await api(admin, 'POST', '/api/api-keys', { name: 'Nightly backup', expiresAt });
	// That there is one is told at once.
	const made = await sink.next();
	expect(made.parts['text/plain'].text).toContain('The API key "Nightly backup"');
	// Once a day it is looked for; the next day begins now.
	makeDue(pocketId, 'ExpiredApiKeyEmailJob');
	await pocketId.restart();
	const mail = await sink.next();
	expect(mail.headers.subject).toBe('API Key "Nightly backup" Expiring Soon');
	await portrayMail(admin, 'api-key', mail.parts['text/html'].text);
});

test('another address is told to the one before', async () => {
	await admin.goto('/settings/account');
	await admin.getByLabel('Email').fill('ada@example.org');
	await admin.getByRole('button', { name: 'Save' }).click();
	await expectToast(admin, 'Account details updated successfully');
	const mail = await sink.next();
	expect(mail.headers.subject).toBe('Your Pocket ID account was changed');
	expect(mail.to).toEqual(['ada@example.com']);
	await portrayMail(admin, 'account-changed', mail.parts['text/html'].text);
});

test('a mail server is believed where its certificate is trusted and has its name', async ({ browser }) => {
	const folder = await mkdtemp(join(tmpdir(), 'pocket-id-e2e-certificates-'));
	const certificates = join(folder, 'certificates.pem');
	const trusted = await startSmtpSink(certificates);
	const product = await startPocketId({ DISABLE_RATE_LIMITING: 'true', SSL_CERT_FILE: certificates });
	const { page } = await openTab(browser, product.url);
	try {
		await setUp(page);
		const tryOut = async (settings: Record<string, string>) => {
			await api(page, 'PATCH', '/api/application-configuration', {
				smtpHost: 'localhost',
				smtpFrom: 'id@example.com',
				smtpTls: 'tls',
				...settings
			});
			return page.evaluate(async () => {
				const answer = await fetch('/api/application-configuration/test-email', { method: 'POST' });
				return { status: answer.status, text: await answer.text() };
			});
		};
		const believed: Record<string, string>[] = [
			{ smtpPort: trusted.port('tls') },
			{ smtpPort: trusted.port('tls'), smtpHost: '127.0.0.1' },
			{ smtpPort: trusted.port('starttls'), smtpTls: 'starttls' }
		];
		for (const settings of believed) {
			expect(await tryOut(settings), JSON.stringify(settings)).toMatchObject({ status: 204 });
			expect((await trusted.next()).headers.subject).toBe('Test email');
		}
		const elsewhere = await tryOut({ smtpPort: trusted.port('tls_elsewhere') });
		expect(elsewhere.status).toBe(502);
		expect(elsewhere.text).toMatch(/certificate/i);
		expect(elsewhere.text).toContain('localhost');
		// One that nobody named to this installation.
		const unknown = await tryOut({ smtpPort: sink.port('tls') });
		expect(unknown.status).toBe(502);
		expect(unknown.text).toMatch(/certificate/i);
	} finally {
		await page.context().close();
		await product.stop();
		trusted.stop();
		await rm(folder, { recursive: true });
	}
});
