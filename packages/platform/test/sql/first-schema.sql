CREATE TABLE platform_attempts (
      attempt TEXT NOT NULL,
      list TEXT NOT NULL,
      until BIGINT NOT NULL,
      PRIMARY KEY (attempt)
    ) WITHOUT ROWID;
CREATE TABLE platform_authorizations (
      id TEXT NOT NULL,
      until BIGINT NOT NULL,
      record TEXT NOT NULL,
      state TEXT NOT NULL,
      PRIMARY KEY (id)
    ) WITHOUT ROWID;
CREATE TABLE platform_devices (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      directory_id TEXT NOT NULL,
      identifier TEXT NOT NULL,
      record TEXT NOT NULL
    );
CREATE TABLE platform_directories (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      organization_id TEXT NOT NULL,
      record TEXT NOT NULL
    );
CREATE TABLE platform_keys (
      entity TEXT NOT NULL,
      list TEXT NOT NULL,
      PRIMARY KEY (entity)
    ) WITHOUT ROWID;
CREATE TABLE platform_linkings (
      code TEXT NOT NULL,
      device_id TEXT NOT NULL,
      expires BIGINT NOT NULL,
      until BIGINT NOT NULL,
      record TEXT NOT NULL,
      PRIMARY KEY (code)
    ) WITHOUT ROWID;
CREATE TABLE "platform_migrations" (
  migration_id integer PRIMARY KEY NOT NULL,
  created_at datetime NOT NULL DEFAULT current_timestamp,
  name VARCHAR(255) NOT NULL
);
CREATE TABLE platform_names (
      owner TEXT NOT NULL,
      name TEXT NOT NULL,
      PRIMARY KEY (owner, name)
    ) WITHOUT ROWID;
CREATE TABLE platform_open_authorizations (
      directory_id TEXT NOT NULL,
      identifier TEXT NOT NULL,
      id TEXT NOT NULL,
      until BIGINT NOT NULL,
      PRIMARY KEY (directory_id, identifier)
    ) WITHOUT ROWID;
CREATE TABLE platform_organizations (
      id TEXT NOT NULL,
      record TEXT NOT NULL,
      PRIMARY KEY (id)
    ) WITHOUT ROWID;
CREATE TABLE platform_push_ids (
      service_id TEXT NOT NULL,
      push_id TEXT NOT NULL,
      owner TEXT NOT NULL,
      PRIMARY KEY (service_id, push_id)
    ) WITHOUT ROWID;
CREATE TABLE platform_services (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      owner_id TEXT NOT NULL,
      record TEXT NOT NULL,
      policy TEXT NOT NULL
    );
CREATE TABLE platform_sessions (
      directory_id TEXT NOT NULL,
      identifier TEXT NOT NULL,
      service_id TEXT NOT NULL,
      created BIGINT NOT NULL,
      record TEXT NOT NULL,
      PRIMARY KEY (directory_id, identifier, service_id)
    ) WITHOUT ROWID;
CREATE TABLE platform_tokens (
      issuer TEXT NOT NULL,
      token_id TEXT NOT NULL,
      until BIGINT NOT NULL,
      PRIMARY KEY (issuer, token_id)
    ) WITHOUT ROWID;
CREATE TABLE platform_totps (
      directory_id TEXT NOT NULL,
      identifier TEXT NOT NULL,
      record TEXT NOT NULL,
      used_step BIGINT NOT NULL,
      PRIMARY KEY (directory_id, identifier)
    ) WITHOUT ROWID;
CREATE TABLE platform_users (
      directory_id TEXT NOT NULL,
      identifier TEXT NOT NULL,
      PRIMARY KEY (directory_id, identifier)
    ) WITHOUT ROWID;
CREATE INDEX platform_attempts_until ON platform_attempts (until);
CREATE INDEX platform_authorizations_until ON platform_authorizations (until);
CREATE INDEX platform_devices_of ON platform_devices (directory_id, identifier, position);
CREATE INDEX platform_directories_of ON platform_directories (organization_id, position);
CREATE INDEX platform_linkings_device ON platform_linkings (device_id);
CREATE INDEX platform_linkings_until ON platform_linkings (until);
CREATE INDEX platform_open_authorizations_until ON platform_open_authorizations (until);
CREATE INDEX platform_services_of ON platform_services (owner_id, position);
CREATE INDEX platform_tokens_until ON platform_tokens (until);
INSERT INTO platform_migrations (migration_id, created_at, name) VALUES (1, '2026-11-21 16:46:17', 'store');
INSERT INTO platform_organizations (id, record) VALUES ('3f2b1d6e-6a5c-4a2e-9d55-0c7f6a1b2c3d', '{"id":"3f2b1d6e-6a5c-4a2e-9d55-0c7f6a1b2c3d","name":"Of the first schema"}');
