/**
 * Signs out by sending the browser away: applications may want to be loaded at a sign-out (front-channel logout), which
 * the server's own page does before it goes on to the sign-in page. This page's policy allows no frames.
 */
export function signOut(): void {
	const form = document.createElement('form');
	form.method = 'post';
	form.action = '/api/oidc/end-session/confirmed';
	document.body.append(form);
	form.submit();
}
