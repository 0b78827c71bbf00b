/**
 * Signs out by sending the browser away: applications may want to be loaded at a sign-out (front-channel logout), which
 * the server's own page does before it goes on to the sign-in page, or to the start page, which then asks who it is.
 * This page's policy allows no frames.
 */
export function signOut(then: 'login' | 'home' = 'login'): void {
	const form = document.createElement('form');
	form.method = 'post';
	form.action = `/api/oidc/end-session/confirmed?then=${then}`;
	document.body.append(form);
	form.submit();
}
