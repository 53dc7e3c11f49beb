package migrate

// clickhouse is how ClickHouse keeps the versions. goose's own lists them by number: this one in the order in which they
// were applied, as on the other engines.
type clickhouse struct{}

// CreateTable creates the table.
func (clickhouse) CreateTable(table string) string {
	return "CREATE TABLE IF NOT EXISTS " + table + " (version_id Int64, is_applied UInt8, tstamp DateTime64(6, 'UTC') DEFAULT now64(6)) " +
		"ENGINE = MergeTree ORDER BY version_id"
}

// InsertVersion notes a version as applied.
func (clickhouse) InsertVersion(table string) string {
	return "INSERT INTO " + table + " (version_id, is_applied) VALUES ($1, $2)"
}

// DeleteVersion notes a version as taken back, and waits until everybody sees it.
func (clickhouse) DeleteVersion(table string) string {
	return "ALTER TABLE " + table + " DELETE WHERE version_id = $1 SETTINGS mutations_sync = 2"
}

// GetMigrationByVersion finds what is noted of a version.
func (clickhouse) GetMigrationByVersion(table string) string {
	return "SELECT tstamp, is_applied FROM " + table + " WHERE version_id = $1 ORDER BY tstamp DESC LIMIT 1"
}

// ListMigrations lists the versions, the last one that was applied first.
func (clickhouse) ListMigrations(table string) string {
	return "SELECT version_id, is_applied FROM " + table + " ORDER BY tstamp DESC, version_id DESC"
}

// GetLatestVersion is the highest version that is noted.
func (clickhouse) GetLatestVersion(table string) string {
	return "SELECT if(count() = 0, NULL, max(version_id)) FROM " + table
}
