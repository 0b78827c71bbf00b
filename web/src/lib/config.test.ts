import { expect, test } from 'vitest';
import { parseConfig } from './config.ts';

test('values travel as strings', () => {
	const config = parseConfig([
		{ key: 'appName', type: '', value: 'Home' },
		{ key: 'requireUserEmail', type: '', value: 'false' },
		{ key: 'disableAnimations', type: '', value: 'true' },
		{ key: 'unknown', type: '', value: 'x' }
	]);
	expect(config).toMatchObject({
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
		ldapEnabled: false
	});
});
