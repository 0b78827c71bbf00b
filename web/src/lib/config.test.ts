import { expect, test } from 'vitest';
import { parseConfig } from './config.ts';

test('values travel as strings', () => {
	const config = parseConfig([
		{ key: 'appName', type: '', value: 'Home' },
		{ key: 'requireUserEmail', type: '', value: 'false' },
		{ key: 'disableAnimations', type: '', value: 'true' },
		{ key: 'allowUserSignups', type: '', value: 'withToken' },
		{ key: 'allowRecoveryCodes', type: '', value: 'true' },
		{ key: 'unknown', type: '', value: 'x' }
	]);
	expect(config).toMatchObject({
		allowUserSignups: 'withToken',
		allowRecoveryCodes: true,
		appName: 'Home',
		requireUserEmail: false,
		disableAnimations: true,
		homePageUrl: '/settings/account'
	});
});

test('without any entry the defaults of the server hold', () => {
	expect(parseConfig([])).toMatchObject({
		appName: 'Pocket ID',
		allowOwnAccountEdit: true,
		requireUserEmail: true,
		allowUserSignups: 'disabled',
		allowRecoveryCodes: false,
		ldapEnabled: false
	});
	const odd = parseConfig([{ key: 'allowUserSignups', type: '', value: 'whatever' }]);
	expect(odd.allowUserSignups).toBe('disabled');
});
