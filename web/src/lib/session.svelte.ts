import { navigate } from '#lib/navigate.ts';
import { setSignedOutHandler } from '#lib/api/client.ts';
import type { ConfigEntry, User } from '#lib/api/types.ts';
import type { Bootstrap } from '#lib/bootstrap.ts';
import { parseConfig, type AppConfig } from '#lib/config.ts';
import { guardRedirect, type Visitor } from '#lib/guard.ts';
import { applyUserLocale } from '#lib/i18n/locale.ts';

/** What the whole UI knows about its visitor and its server. Filled once at boot. */
class Session {
	user = $state<User | null>(null);
	config = $state<AppConfig>(parseConfig([]));
	setupRequired = $state(false);
	version = $state('');
	/** Uploaded images of the application, each with its version: part of their address. */
	images = $state<Record<string, number>>({});
	/** What the client that asks for the sign-in says the person signs in with; a hint, and shown to nobody but them. */
	loginHint = $state<string | null>(null);
	/** The public configuration could not be loaded: nothing can be shown but that. */
	broken = $state(false);

	get visitor(): Visitor {
		return { signedIn: this.user !== null, isAdmin: this.user?.isAdmin ?? false };
	}

	/** For pages behind the guard, where somebody is always signed in. */
	get me(): User {
		if (this.user === null) throw new Error('This page needs a signed-in user');
		return this.user;
	}

	/** Whether somebody has to have an address. Who was stored without one may stay so. */
	requiresEmail(stored?: User): boolean {
		return this.config.requireUserEmail && stored?.email !== null;
	}

	start(bootstrap: Bootstrap): void {
		this.user = bootstrap.user;
		this.config = parseConfig(bootstrap.config);
		this.setupRequired = bootstrap.setupRequired;
		this.version = bootstrap.version;
		this.images = bootstrap.images;
		this.loginHint = bootstrap.loginHint;
	}

	/** Takes over the new user and goes on to `target`, a path of this site. */
	async signedIn(user: User, target: string): Promise<void> {
		this.user = user;
		this.setupRequired = false;
		if (applyUserLocale(user.locale)) await navigate(target);
		// Their language is another one: only a full load brings its messages.
		else location.assign(target);
	}

	/** After an administrator changed it. */
	configured(entries: ConfigEntry[]): void {
		this.config = parseConfig(entries);
	}

	signedOut(): void {
		this.user = null;
	}
}

export const session = new Session();

setSignedOutHandler(() => {
	if (session.user === null) return;
	session.signedOut();
	const target = guardRedirect(location.pathname, location.search, session.visitor);
	if (target) void navigate(target);
});
