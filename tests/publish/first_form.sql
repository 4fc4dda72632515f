-- The ledger as the first version made it: every later version must open it. Never changed.
CREATE TABLE landing ( landing_id VARCHAR(24) NOT NULL, feed VARCHAR(64) NOT NULL, path_key VARCHAR(64) NOT NULL, fingerprint VARCHAR(64) NOT NULL, sha256 VARCHAR(64) NOT NULL, source_file VARCHAR(512) NOT NULL, as_of_in_name DATE, codes_in_name VARCHAR(128) NOT NULL, is_part BOOLEAN NOT NULL, received_at DATETIME NOT NULL, refusal JSON, is_done BOOLEAN NOT NULL, PRIMARY KEY (landing_id) );
CREATE INDEX ix_landing_feed ON landing (feed);
CREATE TABLE delivery ( delivery_id VARCHAR(32) NOT NULL, landing_id VARCHAR(24) NOT NULL, batch_id VARCHAR(24), feed VARCHAR(64) NOT NULL, source_file VARCHAR(512) NOT NULL, received_at DATETIME NOT NULL, verdict VARCHAR(32) NOT NULL, reason TEXT, PRIMARY KEY (delivery_id) );
CREATE INDEX ix_delivery_landing_id ON delivery (landing_id);
CREATE INDEX ix_delivery_batch_id ON delivery (batch_id);
CREATE TABLE batch ( batch_id VARCHAR(24) NOT NULL, feed VARCHAR(64) NOT NULL, source_file VARCHAR(512) NOT NULL, sha256 VARCHAR(64) NOT NULL, sheet_key VARCHAR(64) NOT NULL, as_of DATE NOT NULL, as_of_source VARCHAR(16) NOT NULL, scope VARCHAR(12), received_at DATETIME NOT NULL, verdict VARCHAR(32) NOT NULL, reason TEXT, rows_received BIGINT NOT NULL, rows_accepted BIGINT NOT NULL, rows_quarantined BIGINT NOT NULL, rows_duplicate BIGINT NOT NULL, is_told BOOLEAN NOT NULL, PRIMARY KEY (batch_id), UNIQUE (feed, as_of, sha256, sheet_key) );
CREATE INDEX ix_batch_feed ON batch (feed);
CREATE TABLE repair ( batch_id VARCHAR(24) NOT NULL, column_name VARCHAR(64) NOT NULL, repair VARCHAR(32) NOT NULL, feed VARCHAR(64) NOT NULL, cells BIGINT NOT NULL, PRIMARY KEY (batch_id, column_name, repair) );
CREATE TABLE expectation_result ( batch_id VARCHAR(24) NOT NULL, position INTEGER NOT NULL, feed VARCHAR(64) NOT NULL, expectation VARCHAR(128) NOT NULL, column_name VARCHAR(64), severity VARCHAR(16) NOT NULL, success BOOLEAN NOT NULL, rows_checked BIGINT NOT NULL, rows_failed BIGINT NOT NULL, PRIMARY KEY (batch_id, position) );
CREATE TABLE release ( batch_id VARCHAR(24) NOT NULL, reason TEXT NOT NULL, released_at DATETIME NOT NULL, PRIMARY KEY (batch_id) );
CREATE TABLE reference ( name VARCHAR(64) NOT NULL, sha256 VARCHAR(64) NOT NULL, received_at DATETIME NOT NULL, PRIMARY KEY (name, sha256) );
CREATE TABLE message ( message_id VARCHAR(128) NOT NULL, feed VARCHAR(64), channels VARCHAR(64) NOT NULL, kind VARCHAR(32) NOT NULL, title TEXT NOT NULL, body TEXT NOT NULL, written_at DATETIME NOT NULL, sent_at DATETIME, sent_to VARCHAR(16), PRIMARY KEY (message_id) );
CREATE TABLE build ( build_id VARCHAR(32) NOT NULL, as_of DATE NOT NULL, known_at DATETIME NOT NULL, inputs VARCHAR(64) NOT NULL, published_at DATETIME NOT NULL, PRIMARY KEY (build_id) );
