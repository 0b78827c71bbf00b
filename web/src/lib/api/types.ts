/**
 * The wire shapes of the REST API, under the names the UI uses. They come from the OpenAPI document
 * (`npm run gen:api`); only what a schema cannot say is added here.
 */
import type { components } from './schema';

type Schemas = components['schemas'];

/** The server always sends nullable fields, which the document can only call optional. */
type Sent<T> = { [K in keyof T]-?: T[K] };

/** As sent, but for the fields that really are left out at times. */
type SentExcept<T, K extends keyof T> = Sent<Omit<T, K>> & Pick<T, K>;

export type CustomClaim = Schemas['CustomClaimDto'];
export type UserGroupMinimal = Sent<Schemas['UserGroupMinimalDto']>;
export type UserGroup = Omit<
	Sent<Schemas['UserGroupDto']>,
	'users' | 'allowedOidcClients' | 'customClaims'
> & {
	users: User[];
	allowedOidcClients: ClientMeta[];
	customClaims: CustomClaim[];
};
export type UserGroupInput = Schemas['UserGroupInput'];
export type User = SentExcept<Schemas['UserDto'], 'contact'>;
export type UserInput = Schemas['UserInput'];
export type SignUpInput = Schemas['SignUp'];
export type MailDelivery = Omit<Sent<Schemas['MailDto']>, 'state'> & {
	state: 'pending' | 'delivered' | 'failed';
};
export type SignupToken = Omit<Sent<Schemas['SignupTokenDto']>, 'userGroups'> & {
	userGroups: UserGroupMinimal[];
};
export type DeviceLogin = Sent<Schemas['DeviceLoginDto']>;
export type WaitingDevice = Sent<Schemas['WaitingDeviceDto']>;
export type Passkey = Sent<Schemas['PasskeyDto']>;

export type ClientSession = Schemas['ClientSessionDto'];
export type SignInSession = Omit<Sent<Schemas['SessionDto']>, 'clients'> & {
	clients: ClientSession[];
};
export type LogoutDelivery = Omit<Sent<Schemas['LogoutDeliveryDto']>, 'state'> & {
	state: 'pending' | 'delivered' | 'failed';
};

export type AuditLog = Sent<Schemas['AuditLogDto']>;

export type ClientType = 'standard' | 'cimd';
export type ClientMeta = Omit<Sent<Schemas['ClientMetaDto']>, 'clientType'> & {
	clientType: ClientType;
};
export type RefusedAuthorization = Sent<Schemas['RefusedAuthorizationDto']>;
export type Mismatch = RefusedAuthorization & { client: ClientMeta; callbackURLs: string[] };
export type AccessibleClient = ClientMeta & { lastUsedAt: string | null };
export type AuthorizedClient = { scope: string; client: ClientMeta; lastUsedAt: string };
export type ClientSecret = Sent<Schemas['ClientSecretDto']>;
/** The value itself exists only in the answer to its creation. */
export type CreatedClientSecret = ClientSecret & Pick<Schemas['CreatedSecretDto'], 'secret'>;
export type FederatedIdentity = Schemas['FederatedIdentityDto'];
export type Client = Omit<
	SentExcept<Schemas['ClientDto'], 'pkceSupported'>,
	'clientType' | 'credentials' | 'protocol'
> & {
	clientType: ClientType;
	protocol: ClientProtocol;
	credentials: { federatedIdentities?: FederatedIdentity[]; secrets: ClientSecret[] };
};
export type ClientWithGroups = Client & Pick<Schemas['ClientWithGroupsDto'], 'allowedUserGroups'>;
export type ClientWithGroupCount = Client &
	Pick<Schemas['ClientWithGroupCountDto'], 'allowedUserGroupsCount'>;
/** Everything the UI sends is sent explicitly: an update replaces the whole client. */
export type ClientInput = SentExcept<Schemas['ClientInput'], 'id'>;

export type ApiKey = Sent<Schemas['ApiKeyDto']>;
/** The value itself exists only in the answer to its creation. */
export type ApiKeyInput = Schemas['ApiKeyInput'];
export interface CreatedApiKey {
	apiKey: ApiKey;
	token: string;
}
export type ApiPermission = Schemas['ApiPermissionDto'];
export type Api = Sent<Schemas['ApiDto']>;
export type PermissionInput = Schemas['PermissionInput'];
/** What a client has of an API. */
export type ApiGrant = Required<Schemas['GrantDto']>;
export type ApiClient = Omit<Sent<Schemas['ApiClientDto']>, 'clientType'> & {
	clientType: ClientType;
};
interface ImplicitAccess {
	cimdGrantedAccess: boolean;
	cimdGrantedPermissionIds: string[];
}
export type ApiClientAccess = ApiGrant & ImplicitAccess & { client: ApiClient };
export type ClientApiAccess = ApiGrant & ImplicitAccess & { api: Api };

export type ConfigEntry = Schemas['ConfigEntry'];
export type FieldError = Schemas['FieldError'];
export type ScopeInfo = Schemas['ScopeInfoDto'];

export type DeviceInfo = Omit<Sent<Schemas['DeviceInfoDto']>, 'client'> & { client: ClientMeta };
export type RegistrationPolicy = Sent<Schemas['PolicyDto']>;
export type RegistrationToken = Sent<Schemas['RegistrationTokenDto']>;
/** The value itself exists only in the answer to its creation. */
export type CreatedRegistrationToken = RegistrationToken &
	Pick<Schemas['CreatedRegistrationTokenDto'], 'token'>;
export type ScimServiceProvider = Sent<Schemas['ScimServiceProviderDto']>;
export type ScimServiceProviderInput = Schemas['ScimServiceProviderInput'];
export type TokenPreview = Schemas['PreviewDto'];
export type ClientProtocol = Sent<Schemas['ClientProtocolDto']>;
export type Contact = Schemas['ContactDto'];

export interface Paginated<T> {
	data: T[];
	pagination: Schemas['Pagination'];
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
export type Interaction = Omit<
	Schemas['InteractionDto'],
	'client' | 'currentStep' | 'requiredSteps'
> & {
	client: ClientMeta;
	currentStep?: InteractionStep;
	requiredSteps: InteractionStep[];
};
/** Either the next step or the way out. */
export type InteractionProgress =
	| { interaction: Interaction; redirectUrl?: undefined }
	| { redirectUrl: string; interaction?: undefined };

/** What the UI shows of the discovery document; its schema belongs to OpenID Connect. */
export interface DiscoveryDocument {
	issuer: string;
	authorization_endpoint: string;
	token_endpoint: string;
	userinfo_endpoint: string;
	end_session_endpoint: string;
	jwks_uri: string;
}
