import { redirect } from '@sveltejs/kit';

// Only a signed-in visitor passes the guard to get here.
export const load = () => redirect(307, '/login');
