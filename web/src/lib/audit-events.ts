/* What events of the audit log are called. */
import { m } from '#lib/paraglide/messages.js';

// Named one by one, so that a page carries only the messages it shows.
const NAMES: Record<string, () => string> = {
	SIGN_IN: m.event_sign_in,
	TOKEN_SIGN_IN: m.event_token_sign_in,
	EMAIL_VERIFIED: m.event_email_verified,
	REMOTE_SIGN_IN: m.event_remote_sign_in,
	SIGN_IN_FAILED: m.event_sign_in_failed,
	SIGN_OUT: m.event_sign_out,
	CLIENT_AUTHORIZATION: m.event_client_authorization,
	NEW_CLIENT_AUTHORIZATION: m.event_new_client_authorization,
	CLIENT_AUTHORIZATION_REVOKED: m.event_client_authorization_revoked,
	AUTHORIZATION_REFUSED: m.event_authorization_refused,
	ACCOUNT_CREATED: m.event_account_created,
	RECOVERY_CODE_SIGN_IN: m.event_recovery_code_sign_in,
	RECOVERY_CODES_CREATED: m.event_recovery_codes_created,
	RECOVERY_CODES_DELETED: m.event_recovery_codes_deleted,
	REMOTE_SIGN_IN_APPROVED: m.event_remote_sign_in_approved,
	REMOTE_SIGN_IN_DENIED: m.event_remote_sign_in_denied,
	SIGNUP_TOKEN_DELETED: m.event_signup_token_deleted,
	SIGNUP_TOKEN_CREATED: m.event_signup_token_created,
	DEVICE_CODE_AUTHORIZATION: m.event_device_code_authorization,
	NEW_DEVICE_CODE_AUTHORIZATION: m.event_new_device_code_authorization,
	DEVICE_CODE_DENIED: m.event_device_code_denied,
	TOKEN_EXCHANGE: m.event_token_exchange,
	PASSKEY_ADDED: m.event_passkey_added,
	PASSKEY_REMOVED: m.event_passkey_removed,
	PASSKEY_COUNTER_WENT_BACK: m.event_passkey_counter_went_back,
	INITIAL_SETUP: m.event_initial_setup,
	SESSION_ENDED: m.event_session_ended,
	CONFIGURATION_CHANGED: m.event_configuration_changed,
	API_KEY_CREATED: m.event_api_key_created,
	API_KEY_REVOKED: m.event_api_key_revoked,
	LOGIN_CODE_CREATED: m.event_login_code_created,
	USER_CREATED: m.event_user_created,
	USER_UPDATED: m.event_user_updated,
	USER_DELETED: m.event_user_deleted,
	USER_GROUPS_UPDATED: m.event_user_groups_updated,
	CUSTOM_CLAIMS_UPDATED: m.event_custom_claims_updated,
	PROFILE_PICTURE_UPDATED: m.event_profile_picture_updated,
	PROFILE_PICTURE_REMOVED: m.event_profile_picture_removed,
	USER_GROUP_CREATED: m.event_user_group_created,
	USER_GROUP_UPDATED: m.event_user_group_updated,
	USER_GROUP_DELETED: m.event_user_group_deleted,
	USER_GROUP_MEMBERS_UPDATED: m.event_user_group_members_updated,
	USER_GROUP_CLIENTS_UPDATED: m.event_user_group_clients_updated,
	CLIENT_CREATED: m.event_client_created,
	CLIENT_UPDATED: m.event_client_updated,
	CLIENT_DELETED: m.event_client_deleted,
	CLIENT_APPROVED: m.event_client_approved,
	CLIENT_REFRESHED: m.event_client_refreshed,
	CALLBACK_URL_TRUSTED: m.event_callback_url_trusted,
	CLIENT_GROUPS_UPDATED: m.event_client_groups_updated,
	CLIENT_SECRET_CREATED: m.event_client_secret_created,
	CLIENT_SECRET_DELETED: m.event_client_secret_deleted,
	SCIM_PROVIDER_CREATED: m.event_scim_provider_created,
	SCIM_PROVIDER_UPDATED: m.event_scim_provider_updated,
	SCIM_PROVIDER_DELETED: m.event_scim_provider_deleted,
	API_CREATED: m.event_api_created,
	API_UPDATED: m.event_api_updated,
	API_DELETED: m.event_api_deleted,
	API_ACCESS_UPDATED: m.event_api_access_updated,
	REGISTRATION_TOKEN_CREATED: m.event_registration_token_created,
	REGISTRATION_TOKEN_DELETED: m.event_registration_token_deleted
};

/** Every event there is a name for. */
export const auditEvents: string[] = Object.keys(NAMES);

/** An event's name; one that is not known is shown as words. */
export function eventName(event: string): string {
	const name = NAMES[event];
	if (name) return name();
	return event
		.toLowerCase()
		.replace(/_/g, ' ')
		.replace(/\b\w/g, (first) => first.toUpperCase());
}
