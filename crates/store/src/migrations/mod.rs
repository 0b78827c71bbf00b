//! The schema's history. Each migration runs in one transaction on both engines.

mod m20261120_000001_core;
mod m20261121_000002_clients;
mod m20261121_000003_user_profile;
mod m20261121_000004_apis;
mod m20261121_000005_logout;
mod m20261121_000006_registration;
mod m20261121_000007_device_codes;
mod m20261121_000008_signing_keys;
mod m20261121_000009_jtis;
mod m20261121_000010_cimd;
mod m20261121_000011_login_codes;
mod m20261121_000012_api_keys;
mod m20261127_000013_audit;
mod m20261127_000014_refused_authorizations;
mod m20261127_000015_files;
mod m20261127_000016_api_key_scopes;
mod m20261127_000017_list_orders;
mod m20261127_000030_signup;
mod m20261127_000031_device_logins;
mod m20261127_000032_recovery_codes;
mod m20261127_000060_passkey_policy;
mod m20261128_000018_list_speed;
mod m20261128_000020_mail;
mod m20261128_000022_secret_names;
mod m20261128_000023_serving_clients;
mod m20261128_000024_response_types;
mod m20261129_000025_scim;
mod m20261129_000026_oidc;
mod m20261129_000027_self_made_codes;
mod m20261129_000028_first_callback;
mod m20261129_000029_audit_people;
mod m20261129_000030_api_key_renewal;

use sea_orm_migration::prelude::{MigrationTrait, MigratorTrait, async_trait};

/// Every migration, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261120_000001_core::Migration),
            Box::new(m20261121_000002_clients::Migration),
            Box::new(m20261121_000003_user_profile::Migration),
            Box::new(m20261121_000004_apis::Migration),
            Box::new(m20261121_000005_logout::Migration),
            Box::new(m20261121_000006_registration::Migration),
            Box::new(m20261121_000007_device_codes::Migration),
            Box::new(m20261121_000008_signing_keys::Migration),
            Box::new(m20261121_000009_jtis::Migration),
            Box::new(m20261121_000010_cimd::Migration),
            Box::new(m20261121_000011_login_codes::Migration),
            Box::new(m20261121_000012_api_keys::Migration),
            Box::new(m20261127_000013_audit::Migration),
            Box::new(m20261127_000014_refused_authorizations::Migration),
            Box::new(m20261127_000015_files::Migration),
            Box::new(m20261127_000016_api_key_scopes::Migration),
            Box::new(m20261127_000017_list_orders::Migration),
            Box::new(m20261127_000060_passkey_policy::Migration),
            Box::new(m20261127_000030_signup::Migration),
            Box::new(m20261127_000031_device_logins::Migration),
            Box::new(m20261127_000032_recovery_codes::Migration),
            Box::new(m20261128_000020_mail::Migration),
            Box::new(m20261128_000018_list_speed::Migration),
            Box::new(m20261128_000022_secret_names::Migration),
            Box::new(m20261128_000023_serving_clients::Migration),
            Box::new(m20261128_000024_response_types::Migration),
            Box::new(m20261129_000025_scim::Migration),
            Box::new(m20261129_000026_oidc::Migration),
            Box::new(m20261129_000027_self_made_codes::Migration),
            Box::new(m20261129_000028_first_callback::Migration),
            Box::new(m20261129_000029_audit_people::Migration),
            Box::new(m20261129_000030_api_key_renewal::Migration),
        ]
    }
}
