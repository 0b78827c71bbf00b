/** The wire shapes of the REST API that the UI reads and writes. */

export interface CustomClaim {
	key: string;
	value: string;
}

export interface UserGroupMinimal {
	id: string;
	friendlyName: string;
	name: string;
	customClaims: CustomClaim[];
	userCount: number;
	ldapId: string | null;
	createdAt: string;
}

export interface User {
	id: string;
	username: string;
	email: string | null;
	emailVerified: boolean;
	firstName: string;
	lastName: string;
	displayName: string;
	isAdmin: boolean;
	disabled: boolean;
	locale: string | null;
	ldapId: string | null;
	customClaims: CustomClaim[];
	userGroups: UserGroupMinimal[];
}

export interface UserInput {
	username: string;
	email: string | null;
	emailVerified?: boolean;
	firstName: string;
	lastName: string;
	displayName: string;
	isAdmin?: boolean;
	disabled?: boolean;
	locale?: string | null;
}

export interface SignUpInput {
	username: string;
	email: string | null;
	firstName: string;
	lastName: string;
}

export interface Passkey {
	id: string;
	name: string;
	credentialID: string;
	attestationType: string;
	transport: string[];
	backupEligible: boolean;
	backupState: boolean;
	createdAt: string;
}

export type ClientType = 'standard' | 'cimd';

export interface ClientMeta {
	id: string;
	name: string;
	description: string;
	hasLogo: boolean;
	hasDarkLogo: boolean;
	launchURL: string | null;
	requiresReauthentication: boolean;
	clientType: ClientType;
}

export interface ClientSecret {
	id: string;
	prefix: string;
	createdAt: string;
	expiresAt: string | null;
	isActive: boolean;
}

/** The value itself exists only in the answer to its creation. */
export interface CreatedClientSecret extends ClientSecret {
	secret: string;
}

export interface FederatedIdentity {
	issuer: string;
	subject?: string;
	audience?: string;
	jwks?: string;
	replayProtection?: boolean;
}

export interface Client extends ClientMeta {
	callbackURLs: string[];
	logoutCallbackURLs: string[];
	isPublic: boolean;
	pkceEnabled: boolean;
	requiresPushedAuthorizationRequests: boolean;
	skipConsent: boolean;
	credentials: { federatedIdentities?: FederatedIdentity[]; secrets: ClientSecret[] };
	isGroupRestricted: boolean;
	pkceSupported?: boolean;
	accessTokenDurationMinutes: number;
	refreshTokenDurationMinutes: number;
}

export interface ClientWithGroups extends Client {
	allowedUserGroups: UserGroupMinimal[];
}

export interface ClientWithGroupCount extends Client {
	allowedUserGroupsCount: number;
}

export interface ClientInput {
	id?: string;
	name: string;
	description: string;
	callbackURLs: string[];
	logoutCallbackURLs: string[];
	isPublic: boolean;
	pkceEnabled: boolean;
	requiresReauthentication: boolean;
	requiresPushedAuthorizationRequests: boolean;
	skipConsent: boolean;
	isGroupRestricted: boolean;
	credentials: { federatedIdentities: FederatedIdentity[] };
	launchURL: string | null;
	accessTokenDurationMinutes: number;
	refreshTokenDurationMinutes: number;
}

export interface ConfigEntry {
	key: string;
	type: string;
	value: string;
}

export interface Pagination {
	totalPages: number;
	totalItems: number;
	currentPage: number;
	itemsPerPage: number;
}

export interface Paginated<T> {
	data: T[];
	pagination: Pagination;
}

export type SortDirection = 'asc' | 'desc';

export interface ListQuery {
	page?: number;
	limit?: number;
	search?: string;
	sort?: { column: string; direction: SortDirection };
	filters?: Record<string, string[]>;
}

export type InteractionStep = 'authenticate' | 'select_account' | 'reauthenticate' | 'consent';

export interface ScopeInfo {
	key: string;
	name: string;
	description: string;
}

export interface Interaction {
	id: string;
	scopes: string[];
	scopeInfo: ScopeInfo[];
	client: ClientMeta;
	currentStep?: InteractionStep;
	requiredSteps: InteractionStep[];
}

export type InteractionProgress =
	| { interaction: Interaction; redirectUrl?: undefined }
	| { redirectUrl: string; interaction?: undefined };

export interface DiscoveryDocument {
	issuer: string;
	authorization_endpoint: string;
	token_endpoint: string;
	userinfo_endpoint: string;
	end_session_endpoint: string;
	jwks_uri: string;
}

export interface FieldError {
	field: string;
	code: string;
	message: string;
}
